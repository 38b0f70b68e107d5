package measures

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/entity"
	"satisflow/sinks/clickhouse"
)

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// ratings are figures that a test makes up: by target and by the first day that is asked for.
type ratings map[Target]func(from, to time.Time) (matches, n int64)

func (r ratings) Count(_ context.Context, target Target, metric Metric, from, to time.Time) (int64, int64, error) {
	if metric != SatisfiedShare {
		return 0, 0, errors.New("another metric was asked for")
	}
	matches, n := r[target](from, to)
	return matches, n, nil
}

// open returns a service over the tables of a database of the test's own, and its clock.
func open(t *testing.T, figures Figures) (*Service, *time.Time) {
	t.Helper()
	conn := testkit.ClickHouse(t).Open()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	mayWrite := func() error { return nil }
	at := start
	return New(clickhouse.NewEntities[Measure](conn, "customer_satisfaction_improvements", mayWrite),
		clickhouse.NewEntities[Task](conn, "customer_improvement_tasks", mayWrite), figures, func() time.Time { return at }), &at
}

func faster() Measure {
	return Measure{Title: "48 小时内答复", Description: "Two more lawyers in the morning", Category: ProcessOptimisation, Priority: High, Service: "legal_consulting",
		Cause: Cause{Code: "slow_response", Text: "审批环节太多", Drivers: []string{"response_time"}}, Owner: "li.na", DueAt: start.AddDate(0, 0, 30),
		Planned: Resources{PersonDays: 10, Budget: 50_000}, Alerts: []string{"a1"},
		Expectation: Expectation{Metric: SatisfiedShare, Baseline: 0.85, Expected: 0.95, Days: 28, Control: &Target{Service: "document_review"}}}
}

func TestAMeasureLivesFromProposalToLibrary(t *testing.T) {
	figures := ratings{
		{Service: "legal_consulting"}: func(from, _ time.Time) (int64, int64) {
			if from.Before(start) {
				return 850, 1000
			}
			return 950, 1000
		},
		{Service: "document_review"}: func(time.Time, time.Time) (int64, int64) { return 900, 1000 },
	}
	s, at := open(t, figures)
	m, err := s.Propose(t.Context(), "li.na", faster())
	if err != nil {
		t.Fatal(err)
	}
	if m.State != Proposed || m.Version != 1 || m.Expectation.Needed != 338 {
		t.Errorf("proposed %+v", m)
	}
	for _, id := range []string{"first", "second"} {
		if _, err := s.AddTask(t.Context(), "li.na", m.ID, Task{Title: id, Owner: "wang", DueAt: start.AddDate(0, 0, 3), State: TaskDone}); err != nil {
			t.Fatal(err)
		}
	}
	_, tasks, _, err := s.Get(t.Context(), m.ID)
	if err != nil || len(tasks) != 2 || tasks[0].State != TaskOpen {
		t.Fatalf("tasks %+v, %v", tasks, err)
	}
	if _, err := s.ChangeTask(t.Context(), "wang", tasks[0].ID, 1, func(t *Task) { t.State = TaskDone }); err != nil {
		t.Fatal(err)
	}
	for _, step := range []Step{Plan, Start} {
		if m, err = s.Take(t.Context(), "li.na", m.ID, m.Version, step, ""); err != nil {
			t.Fatal(err)
		}
	}
	*at = start.AddDate(0, 0, 20)
	if m, err = s.Take(t.Context(), "li.na", m.ID, m.Version, Finish, ""); err != nil {
		t.Fatal(err)
	}
	*at = start.AddDate(0, 0, 60)
	if m, err = s.Take(t.Context(), "chen", m.ID, m.Version, Evaluate, ""); err != nil {
		t.Fatal(err)
	}
	e := m.Evaluation
	if m.State != Evaluated || m.Verdict != Improved || e.Method != DifferenceInDifferences || e.Regression {
		t.Errorf("evaluated %+v", m)
	}
	if got := e.Effect; got < 0.0999 || got > 0.1001 {
		t.Errorf("the effect is %v", got)
	}
	if want := (Period{start.AddDate(0, 0, -28), start, 850, 1000}); e.Before != want {
		t.Errorf("before is %+v, want %+v", e.Before, want)
	}
	if want := (Period{start.AddDate(0, 0, 20), start.AddDate(0, 0, 48), 950, 1000}); e.After != want {
		t.Errorf("after is %+v, want %+v", e.After, want)
	}
	if m, err = s.Take(t.Context(), "chen", m.ID, m.Version, Standardise, ""); err != nil {
		t.Fatal(err)
	}
	got, tasks, found, err := s.Get(t.Context(), m.ID)
	if err != nil || !found || !reflect.DeepEqual(got, m) {
		t.Errorf("stored %+v\nwant %+v, %v", got, m, err)
	}
	if p := ProgressOf(tasks); p != (Progress{1, 2}) {
		t.Errorf("progress %+v", p)
	}
}

func TestWhatWasStatedIsFrozenAtTheStart(t *testing.T) {
	s, _ := open(t, ratings{})
	m, err := s.Propose(t.Context(), "li.na", faster())
	if err != nil {
		t.Fatal(err)
	}
	if m, err = s.Update(t.Context(), "li.na", m.ID, m.Version, func(m *Measure) { m.Expectation.Expected = 0.9; m.State = Done }); err != nil {
		t.Fatal(err)
	}
	if m.State != Proposed || m.Expectation.Needed <= 338 {
		t.Errorf("a smaller effect needs more ratings, and no update changes the state: %+v", m)
	}
	for _, step := range []Step{Plan, Start} {
		if m, err = s.Take(t.Context(), "li.na", m.ID, 0, step, ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(*Measure){
		"metric":   func(m *Measure) { m.Expectation.Metric = HighlySatisfiedShare },
		"baseline": func(m *Measure) { m.Expectation.Baseline = 0.8 },
		"expected": func(m *Measure) { m.Expectation.Expected = 0.86 },
		"days":     func(m *Measure) { m.Expectation.Days = 14 },
		"control":  func(m *Measure) { m.Expectation.Control = nil },
		"target":   func(m *Measure) { m.Service = "data_analysis" },
	} {
		if _, err := s.Update(t.Context(), "li.na", m.ID, 0, change); !errors.Is(err, ErrFrozen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m, err = s.Update(t.Context(), "li.na", m.ID, m.Version, func(m *Measure) { m.Spent.PersonDays = 3; m.Owner = "wang" }); err != nil || m.Spent.PersonDays != 3 {
		t.Errorf("what may change does not: %+v, %v", m, err)
	}
}

func TestStepsLeadWhereTheyMay(t *testing.T) {
	want := map[State][]Step{
		Proposed: {Plan, Drop}, Planned: {Start, Drop}, InProgress: {Finish, Drop}, Done: {Evaluate, Drop},
		Evaluated: {Evaluate, Standardise, Drop}, Standardised: nil, Dropped: nil,
	}
	for _, state := range States {
		if got := state.Possible(); !slices.Equal(got, want[state]) {
			t.Errorf("from %s: %v, want %v", state, got, want[state])
		}
		for _, step := range Steps {
			after, err := state.after(step)
			var refused *StepError
			if ok := slices.Contains(want[state], step); ok != (err == nil) || !ok && (!errors.As(err, &refused) || after != state) {
				t.Errorf("%s from %s: %s, %v", step, state, after, err)
			}
		}
	}
	s, _ := open(t, ratings{})
	m, err := s.Propose(t.Context(), "li.na", faster())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take(t.Context(), "li.na", m.ID, 0, Drop, ""); err == nil || !strings.HasPrefix(err.Error(), "reason:") {
		t.Errorf("dropped without a reason: %v", err)
	}
	if _, err := s.Take(t.Context(), "li.na", m.ID, 0, Evaluate, ""); err == nil || !strings.Contains(err.Error(), "possible is plan, drop") {
		t.Errorf("evaluated at once: %v", err)
	}
	if m, err = s.Take(t.Context(), "li.na", m.ID, 0, Drop, "no money"); err != nil || m.State != Dropped || m.Reason != "no money" || m.ClosedAt.IsZero() {
		t.Errorf("dropped: %+v, %v", m, err)
	}
	if _, err := s.AddTask(t.Context(), "li.na", m.ID, Task{Title: "late"}); err == nil {
		t.Error("a task for a measure that was dropped")
	}
	if _, err := s.Update(t.Context(), "li.na", m.ID, 0, func(m *Measure) { m.Title = "x" }); err == nil {
		t.Error("an update of a measure that was dropped")
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	s, _ := open(t, ratings{})
	for want, change := range map[string]func(*Measure){
		"title: 0 characters":                func(m *Measure) { m.Title = "" },
		`category: "magic": want one of`:     func(m *Measure) { m.Category = "magic" },
		`priority: "": want one of high`:     func(m *Measure) { m.Priority = "" },
		"planned: person days and budget":    func(m *Measure) { m.Planned.Budget = -1 },
		"description: 4001 characters: want": func(m *Measure) { m.Description = strings.Repeat("字", 4001) },
	} {
		m := faster()
		change(&m)
		if _, err := s.Propose(t.Context(), "li.na", m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for want, change := range map[string]func(*Measure){
		"owner: it is missing":  func(m *Measure) { m.Owner = "" },
		"due_at: it is missing": func(m *Measure) { m.DueAt = time.Time{} },
		"expectation.metric":    func(m *Measure) { m.Expectation.Metric = "" },
		"expectation.expected: 0.8: want a better share than the baseline": func(m *Measure) { m.Expectation.Expected = 0.8 },
		"expectation.baseline: 85: want a share from 0 to 1":               func(m *Measure) { m.Expectation.Baseline = 85 },
		"expectation.days: 3: want 7 to 365":                               func(m *Measure) { m.Expectation.Days = 3 },
		"expectation.control: it is what the measure is about":             func(m *Measure) { m.Expectation.Control = &Target{Service: "legal_consulting"} },
	} {
		m := faster()
		change(&m)
		m, err := s.Propose(t.Context(), "li.na", m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Take(t.Context(), "li.na", m.ID, 0, Plan, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestOnlyWhatHelpedBecomesTheStandard(t *testing.T) {
	s, at := open(t, ratings{{Service: "legal_consulting"}: func(time.Time, time.Time) (int64, int64) { return 90, 100 }})
	m := faster()
	m.Expectation.Control = nil
	m, err := s.Propose(t.Context(), "li.na", m)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []Step{Plan, Start, Finish} {
		if m, err = s.Take(t.Context(), "li.na", m.ID, 0, step, ""); err != nil {
			t.Fatal(err)
		}
	}
	*at = start.AddDate(0, 1, 0)
	if m, err = s.Take(t.Context(), "li.na", m.ID, 0, Evaluate, ""); err != nil || m.Verdict != TooFewData {
		t.Fatalf("100 of 141 ratings: %+v, %v", m.Evaluation, err)
	}
	if _, err := s.Take(t.Context(), "li.na", m.ID, 0, Standardise, ""); err == nil || !strings.Contains(err.Error(), "too_few_data") {
		t.Errorf("got %v", err)
	}
}

func TestTwoWhoChangeAMeasureAreTold(t *testing.T) {
	s, _ := open(t, ratings{})
	m, err := s.Propose(t.Context(), "li.na", faster())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), "li.na", m.ID, m.Version, func(m *Measure) { m.Title = "a" }); err != nil {
		t.Fatal(err)
	}
	var c *entity.Conflict
	if _, err := s.Update(t.Context(), "wang", m.ID, m.Version, func(m *Measure) { m.Title = "b" }); !errors.As(err, &c) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Update(t.Context(), "wang", "m_none", 0, func(*Measure) {}); !errors.Is(err, entity.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestVerdictsOfSimulatedWorlds(t *testing.T) {
	const rounds = 1500
	random := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		control               bool
		effect                float64
		leastFound, mostFound float64
	}{
		"nothing happened":                           {false, 0, 0, 0.05},
		"it helped as expected":                      {false, 0.05, 0.78, 1},
		"nothing happened, but everything rose":      {true, 0, 0, 0.05},
		"it helped as expected, and everything rose": {true, 0.05, 0.78, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := Expectation{Metric: SatisfiedShare, Baseline: 0.90, Expected: 0.95, Days: 28}
			rise := 0.0
			if c.control {
				e.Control, rise = &Target{Service: "other"}, 0.02
			}
			e = e.withNeeded()
			improved := 0
			for range rounds {
				cells := Cells{Before: draw(random, e.Needed, 0.90), After: draw(random, e.Needed, 0.90+rise+c.effect)}
				if c.control {
					b, a := draw(random, e.Needed, 0.90), draw(random, e.Needed, 0.90+rise)
					cells.ControlBefore, cells.ControlAfter = &b, &a
				}
				if Assess(e, cells, start).Verdict == Improved {
					improved++
				}
			}
			if share := float64(improved) / rounds; share < c.leastFound || share > c.mostFound {
				t.Errorf("improved in %v of the worlds, want %v to %v", share, c.leastFound, c.mostFound)
			}
		})
	}
}

func draw(r *rand.Rand, n int64, share float64) Period {
	p := Period{Ratings: n}
	for range n {
		if r.Float64() < share {
			p.Matches++
		}
	}
	return p
}

func TestALowerShareIsBetterWhereItIsMeantToFall(t *testing.T) {
	e := Expectation{Metric: DissatisfiedShare, Baseline: 0.10, Expected: 0.05, Days: 28}.withNeeded()
	v := Assess(e, Cells{Before: Period{Matches: 120, Ratings: 1000}, After: Period{Matches: 50, Ratings: 1000}}, start)
	if v.Verdict != Improved || v.Effect < 0.0699 || v.Effect > 0.0701 || v.Low <= 0 || v.High <= v.Low || !v.Regression {
		t.Errorf("got %+v", v)
	}
	v = Assess(e, Cells{Before: Period{Matches: 50, Ratings: 1000}, After: Period{Matches: 120, Ratings: 1000}}, start)
	if v.Verdict != Worse || v.High >= 0 || v.Regression {
		t.Errorf("got %+v", v)
	}
}

func TestWithoutRatingsThereIsNoEffect(t *testing.T) {
	for _, c := range []Cells{{}, {ControlBefore: &Period{}, ControlAfter: &Period{}}, {Before: Period{Matches: 1, Ratings: 1}}} {
		v := Assess(Expectation{Metric: SatisfiedShare, Baseline: 0.9, Expected: 0.95}, c, start)
		if v.Verdict != TooFewData || v.Effect != 0 || v.Effect != v.Effect {
			t.Errorf("%+v: %+v", c, v)
		}
	}
}

func TestOverdueIsWhatIsNotDoneInTime(t *testing.T) {
	for state, want := range map[State]bool{Proposed: true, Planned: true, InProgress: true, Done: false, Evaluated: false, Dropped: false} {
		m := Measure{State: state, DueAt: start}
		if m.Overdue(start.Add(time.Second)) != want || m.Overdue(start) {
			t.Errorf("%s: %v", state, m.Overdue(start.Add(time.Second)))
		}
	}
	if (&Measure{State: Planned}).Overdue(start) {
		t.Error("a measure without a date")
	}
}
