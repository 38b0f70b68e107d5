package measures

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"satisflow/pipeline/entity"
)

// Figures counts the ratings of a target in a time: how many there are, and how many meet the metric.
type Figures interface {
	Count(ctx context.Context, target Target, metric Metric, from, to time.Time) (matches, ratings int64, err error)
}

// Service is all that is done with measures. It is safe for concurrent use.
type Service struct {
	measures entity.Store[Measure]
	tasks    entity.Store[Task]
	figures  Figures
	now      func() time.Time
}

// New returns the service over its stores; now is the clock.
func New(measures entity.Store[Measure], tasks entity.Store[Task], figures Figures, now func() time.Time) *Service {
	return &Service{measures, tasks, figures, now}
}

func (s *Service) stamp(by, action string) entity.Stamp {
	return entity.Stamp{At: s.now(), By: by, Action: action}
}

func (s *Service) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

var ids = base32.StdEncoding.WithPadding(base32.NoPadding)

func newID(prefix string) string {
	b := make([]byte, 10)
	rand.Read(b) // it never fails
	return prefix + strings.ToLower(ids.EncodeToString(b))
}

// Propose stores a new measure in the state proposed.
func (s *Service) Propose(ctx context.Context, by string, m Measure) (Measure, error) {
	m = Measure{Meta: entity.Meta{ID: newID("m_")}, Title: m.Title, Description: m.Description, Category: m.Category, Priority: m.Priority,
		Service: m.Service, Product: m.Product, Segment: m.Segment, Customer: m.Customer, Cause: m.Cause, Owner: m.Owner, DueAt: m.DueAt,
		Planned: m.Planned, Expectation: m.Expectation.withNeeded(), Alerts: m.Alerts, Template: m.Template, State: Proposed, CreatedAt: s.moment()}
	if err := m.check(); err != nil {
		return m, err
	}
	return s.measures.Create(ctx, m, s.stamp(by, "proposed"))
}

// ErrFrozen says that what was stated before the start can't change after it.
var ErrFrozen = errors.New("the measure has started: metric, baseline, expectation, days, control group and target are frozen")

// Update changes a measure; saw is the version that was seen, 0 for any. The state, and what the service notes by itself, stay.
func (s *Service) Update(ctx context.Context, by, id string, saw uint64, change func(*Measure)) (Measure, error) {
	return s.measures.Change(ctx, id, saw, s.stamp(by, "updated"), func(m *Measure) error {
		was := *m
		change(m)
		m.State, m.CreatedAt, m.StartedAt, m.DoneAt, m.EvaluatedAt, m.ClosedAt = was.State, was.CreatedAt, was.StartedAt, was.DoneAt, was.EvaluatedAt, was.ClosedAt
		m.Evaluation, m.Verdict, m.Reason = was.Evaluation, was.Verdict, was.Reason
		m.Expectation = m.Expectation.withNeeded()
		if was.State.Frozen() && (m.Target() != was.Target() || !m.Expectation.equal(was.Expectation)) {
			return ErrFrozen
		}
		if was.State == Standardised || was.State == Dropped {
			return fmt.Errorf("the measure is %s and closed", was.State)
		}
		if was.State != Proposed {
			if err := m.checkPlan(); err != nil {
				return err
			}
		}
		return m.check()
	})
}

func (e Expectation) equal(o Expectation) bool {
	same := (e.Control == nil) == (o.Control == nil) && (e.Control == nil || *e.Control == *o.Control)
	e.Control, o.Control = nil, nil
	return same && e == o
}

// Take takes a step other than Evaluate; reason is why a measure is dropped. The error is a *StepError when the step does not
// lead from the state that the measure is in.
func (s *Service) Take(ctx context.Context, by, id string, saw uint64, step Step, reason string) (Measure, error) {
	if step == Evaluate {
		return s.Evaluate(ctx, by, id, saw)
	}
	return s.measures.Change(ctx, id, saw, s.stamp(by, string(step)), func(m *Measure) (err error) {
		if m.State, err = m.State.after(step); err != nil {
			return err
		}
		now := s.moment()
		switch step {
		case Plan:
			return m.checkPlan()
		case Start:
			m.StartedAt = now
		case Finish:
			m.DoneAt = now
		case Standardise:
			if m.Verdict != Improved {
				return fmt.Errorf("standardise: the verdict is %q: only what has improved something goes into the library", m.Verdict)
			}
			m.ClosedAt = now
		case Drop:
			if reason == "" {
				return errors.New("reason: it is missing: say why the measure is given up")
			}
			m.Reason, m.ClosedAt = reason, now
			return length("reason", reason, 1, mostText)
		}
		return nil
	})
}

// Evaluate compares the ratings before and after the measure and stores the effect with its verdict. It may be taken again
// when more ratings have come.
func (s *Service) Evaluate(ctx context.Context, by, id string, saw uint64) (Measure, error) {
	m, found, err := s.measures.Get(ctx, id)
	if err != nil {
		return m, err
	}
	if !found {
		return m, fmt.Errorf("%s: %w", id, entity.ErrNotFound)
	}
	if _, err := m.State.after(Evaluate); err != nil {
		return m, err
	}
	cells, err := s.cells(ctx, &m)
	if err != nil {
		return m, err
	}
	now := s.moment()
	evaluation := Assess(m.Expectation, cells, now)
	if saw == 0 {
		saw = m.Version // what was counted is of this version
	}
	return s.measures.Change(ctx, id, saw, s.stamp(by, string(Evaluate)), func(m *Measure) (err error) {
		m.State, err = m.State.after(Evaluate)
		m.Evaluation, m.Verdict, m.EvaluatedAt = &evaluation, evaluation.Verdict, now
		return err
	})
}

// cells counts the ratings that the evaluation compares: as many days before the start as after the end of the measure.
func (s *Service) cells(ctx context.Context, m *Measure) (c Cells, err error) {
	span := time.Duration(m.Expectation.Days) * 24 * time.Hour
	to := m.DoneAt.Add(span)
	if now := s.now(); to.After(now) {
		to = now
	}
	before, after := Period{From: m.StartedAt.Add(-span), To: m.StartedAt}, Period{From: m.DoneAt, To: to.UTC().Truncate(time.Millisecond)}
	count := func(target Target, p Period) Period {
		if err == nil {
			p.Matches, p.Ratings, err = s.figures.Count(ctx, target, m.Expectation.Metric, p.From, p.To)
		}
		return p
	}
	c.Before, c.After = count(m.Target(), before), count(m.Target(), after)
	if control := m.Expectation.Control; control != nil {
		b, a := count(*control, before), count(*control, after)
		c.ControlBefore, c.ControlAfter = &b, &a
	}
	return c, err
}

// Get returns the measure with its tasks; false when there is none of the id.
func (s *Service) Get(ctx context.Context, id string) (Measure, []Task, bool, error) {
	m, found, err := s.measures.Get(ctx, id)
	if err != nil || !found {
		return m, nil, false, err
	}
	tasks, err := s.tasks.List(ctx, entity.Query{Where: []entity.Condition{entity.Where("measure", id)}, OrderBy: "due_at"})
	return m, tasks, err == nil, err
}

// AddTask adds a task to a measure that is not closed.
func (s *Service) AddTask(ctx context.Context, by, measure string, t Task) (Task, error) {
	m, found, err := s.measures.Get(ctx, measure)
	switch {
	case err != nil:
		return t, err
	case !found:
		return t, fmt.Errorf("%s: %w", measure, entity.ErrNotFound)
	case m.State == Standardised || m.State == Dropped:
		return t, fmt.Errorf("the measure is %s and closed", m.State)
	}
	t = Task{Meta: entity.Meta{ID: newID("k_")}, Measure: measure, Title: t.Title, Owner: t.Owner, State: TaskOpen, DueAt: t.DueAt, CreatedAt: s.moment()}
	if err := length("title", t.Title, 1, mostTitle); err != nil {
		return t, err
	}
	return s.tasks.Create(ctx, t, s.stamp(by, "created"))
}

// ChangeTask changes title, owner, date and state of a task.
func (s *Service) ChangeTask(ctx context.Context, by, id string, saw uint64, change func(*Task)) (Task, error) {
	return s.tasks.Change(ctx, id, saw, s.stamp(by, "updated"), func(t *Task) error {
		was := *t
		change(t)
		t.Measure, t.CreatedAt, t.DoneAt = was.Measure, was.CreatedAt, was.DoneAt
		if t.State == TaskDone && was.State != TaskDone {
			t.DoneAt = s.moment()
		}
		if t.State != TaskDone {
			t.DoneAt = time.Time{}
		}
		return errors.Join(length("title", t.Title, 1, mostTitle), oneOf("state", t.State, TaskStates))
	})
}
