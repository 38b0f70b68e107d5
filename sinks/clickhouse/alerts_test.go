package clickhouse

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/alert"
)

// alertNow is the clock of the tests of alerts: now to the millisecond, with some.
var alertNow = now.Add(789 * time.Millisecond)

// wholeAlert returns an alert of which every field is set, each to a value of its own that is hard to store.
func wholeAlert(t *testing.T) alert.Alert {
	t.Helper()
	var a alert.Alert
	v := reflect.ValueOf(&a).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i); f.Interface().(type) {
		case string, alert.Rule:
			f.SetString(name + ` 'o\hara' 分 "<&>"` + "\n\x01")
		case []string:
			f.Set(reflect.ValueOf([]string{name + "'1", `\`, ""}))
		case uint64, alert.Severity, alert.State:
			f.SetUint(uint64(2))
		case int64:
			f.SetInt(1<<60 + int64(i))
		case float64:
			f.SetFloat(0.1 + float64(i)/3)
		case bool:
			f.SetBool(true)
		case time.Time:
			f.Set(reflect.ValueOf(alertNow.Add(-time.Duration(i) * 999_999 * time.Millisecond)))
		case alert.Seen:
			f.Set(reflect.ValueOf(alert.Seen{Epoch: 7, Next: []int64{1 << 40, 0, 3}}))
		case alert.Subject:
			f.Set(reflect.ValueOf(alert.Subject{Dimension: "customer", Value: "c-'1"}))
		default:
			t.Fatalf("field %s: a %s is not known here", name, f.Type())
		}
	}
	return a
}

func TestEveryFieldOfAnAlertComesBackAsItWas(t *testing.T) {
	s := NewAlerts(migrated(t))
	whole, empty := wholeAlert(t), alert.Alert{ID: "empty", Version: 1, Severity: alert.Minor, State: alert.Open}
	for _, want := range []alert.Alert{whole, empty} {
		entry := alert.Entry{Version: want.Version, At: alertNow, By: "o'hara", Action: alert.Opened, Comment: "a 'comment'\n评论 \\"}
		if err := s.Put(t.Context(), []alert.Change{{Alert: want, Entry: entry}}); err != nil {
			t.Fatal(err)
		}
		got, entries, found, err := s.Get(t.Context(), want.ID)
		if err != nil || !found || !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, %v, %v\nwant %+v", got, found, err, want)
		}
		if !reflect.DeepEqual(entries, []alert.Entry{entry}) {
			t.Errorf("entries %+v, want %+v", entries, entry)
		}
	}
	if _, _, found, err := s.Get(t.Context(), "other"); err != nil || found {
		t.Errorf("an alert that was never put: %v, %v", found, err)
	}
}

func TestAnEntryNamesWhoWasAssigned(t *testing.T) {
	s := NewAlerts(migrated(t))
	a := raised("a", 1)
	var want []string
	for i, do := range []alert.Request{{Action: alert.Assign, Assignee: `李娜 "'`}, {Action: alert.Comment}, {Action: alert.Assign}} {
		if a.Version = uint64(i) + 1; do.Action == alert.Assign {
			a.Assignee = do.Assignee
		}
		want = append(want, do.Assignee)
		if err := s.Put(t.Context(), []alert.Change{{Alert: a, Entry: alert.Entry{Version: a.Version, At: alertNow, By: "ann", Action: do.Action, Assignee: do.Assignee}}}); err != nil {
			t.Fatal(err)
		}
	}
	_, entries, _, err := s.Get(t.Context(), "a")
	if err != nil || len(entries) != len(want) {
		t.Fatalf("%+v, %v", entries, err)
	}
	for i, e := range entries {
		if e.Assignee != want[i] {
			t.Errorf("entry %d: assigned to %q, want %q", i, e.Assignee, want[i])
		}
	}
}

func TestAnEntryHoldsTheWholeAlertAsItThenWas(t *testing.T) {
	s := NewAlerts(migrated(t))
	a := wholeAlert(t)
	if err := s.Put(t.Context(), []alert.Change{{Alert: a, Entry: alert.Entry{Version: a.Version, At: alertNow}}}); err != nil {
		t.Fatal(err)
	}
	// A column whose value is another one in the JSON, or that it lacks.
	var differing []struct {
		Name string `ch:"name"`
	}
	for _, c := range alertColumns(&a) {
		if c.name == "resolution" {
			continue
		}
		expression := fmt.Sprintf("JSONExtract(e.alert, '%s', toTypeName(a.%[1]s))", c.name)
		if _, isTime := c.at.(*time.Time); isTime {
			expression = fmt.Sprintf("parseDateTime64BestEffort(JSONExtractString(e.alert, '%s'), 3, 'UTC')", c.name)
		}
		query := fmt.Sprintf("SELECT '%s' AS name FROM customer_satisfaction_alerts AS a CROSS JOIN customer_satisfaction_alert_entries AS e WHERE a.%[1]s != %s", c.name, expression)
		if err := s.conn.Select(t.Context(), &differing, query); err != nil || len(differing) > 0 {
			t.Errorf("%s: differs: %v, %v", c.name, differing, err)
		}
	}
	var rest string
	if err := s.conn.QueryRow(t.Context(), "SELECT resolution FROM customer_satisfaction_alert_entries").Scan(&rest); err != nil || rest != a.Resolution {
		t.Errorf("resolution %q, %v", rest, err)
	}
}

// raised returns an alert that was opened as many hours before now.
func raised(id string, hours int, change ...func(*alert.Alert)) alert.Alert {
	at := alertNow.Add(-time.Duration(hours) * time.Hour)
	a := alert.Alert{
		ID: id, Version: 1, Rule: alert.LowRating, Subject: alert.Subject{Dimension: alert.Customer, Value: "c-" + id}, Severity: alert.Minor, State: alert.Open,
		Service: "data_analysis", Segment: "smb", OpenedAt: at, UpdatedAt: at, ContactDue: at.Add(24 * time.Hour), ResolveDue: at.Add(72 * time.Hour),
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

// put stores the alerts as they are, each with an entry of its own.
func (s *Alerts) put(t *testing.T, alerts ...alert.Alert) {
	t.Helper()
	var changes []alert.Change
	for _, a := range alerts {
		changes = append(changes, alert.Change{Alert: a, Entry: alert.Entry{Version: a.Version, At: a.UpdatedAt, By: alert.System, Action: alert.Updated}})
	}
	if err := s.Put(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func idsOf(alerts []alert.Alert) (ids []string) {
	for _, a := range alerts {
		ids = append(ids, a.ID)
	}
	return ids
}

func TestOfAllVersionsTheHighestStandsHoweverOftenAndInWhateverOrderTheyArePut(t *testing.T) {
	s := NewAlerts(migrated(t))
	var all []alert.Change
	for v := range uint64(4) {
		a := raised("a", 1, func(a *alert.Alert) { a.Version, a.Ratings = v+1, int64(v) })
		all = append(all, alert.Change{Alert: a, Entry: alert.Entry{Version: v + 1, At: alertNow.Add(time.Duration(v) * time.Minute), By: "ann", Action: alert.Comment, Comment: fmt.Sprint(v)}})
	}
	for _, order := range [][]int{{3}, {0, 1, 2, 3}, {3, 1}, {2, 2}} {
		var some []alert.Change
		for _, i := range order {
			some = append(some, all[i])
		}
		if err := s.Put(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	got, entries, _, err := s.Get(t.Context(), "a")
	if err != nil || !reflect.DeepEqual(got, all[3].Alert) {
		t.Errorf("%+v, %v; want version 4", got, err)
	}
	var want []alert.Entry
	for _, c := range all {
		want = append(want, c.Entry)
	}
	if !reflect.DeepEqual(entries, want) {
		t.Errorf("entries %+v, want each once, the oldest first: %+v", entries, want)
	}
	if list, err := s.AtWork(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d alerts at work, %v; want 1", len(list), err)
	}
}

func TestAnEntryWhoseAlertWasNeverStoredGivesWayToTheNextDecision(t *testing.T) {
	s := NewAlerts(migrated(t))
	s.put(t, raised("a", 2))
	later := raised("a", 2, func(a *alert.Alert) { a.Version, a.UpdatedAt = 2, alertNow })
	if err := s.Put(t.Context(), []alert.Change{{Alert: later, Entry: alert.Entry{Version: 2, At: alertNow, By: "ann", Action: alert.Comment, Comment: "lost"}}}); err != nil {
		t.Fatal(err)
	}
	exec(t, s.conn, "ALTER TABLE customer_satisfaction_alerts DELETE WHERE version = 2 SETTINGS mutations_sync = 2") // the process ended before
	if _, entries, _, err := s.Get(t.Context(), "a"); err != nil || len(entries) != 1 {
		t.Errorf("%+v, %v; want no entry of a change that the alert lacks", entries, err)
	}
	later.UpdatedAt = alertNow.Add(time.Second)
	s.put(t, later)
	if _, entries, _, err := s.Get(t.Context(), "a"); err != nil || len(entries) != 2 || entries[1].Action != alert.Updated {
		t.Errorf("%+v, %v; want the second decision on version 2 and not the first", entries, err)
	}
}

func TestAnEntryOfAnotherVersionThanItsAlertIsRefused(t *testing.T) {
	s := NewAlerts(migrated(t))
	err := s.Put(t.Context(), []alert.Change{{Alert: raised("a", 1), Entry: alert.Entry{Version: 2, At: alertNow}}})
	if !IsPermanent(err) {
		t.Errorf("error %v, want a permanent one", err)
	}
}

func in(state alert.State) func(*alert.Alert) {
	return func(a *alert.Alert) {
		if a.State = state; !state.AtWork() {
			a.ResolvedAt = a.UpdatedAt
		}
	}
}

func TestAtWorkIsWhatNobodyHasResolved(t *testing.T) {
	s := NewAlerts(migrated(t))
	for i, state := range alert.AllStates() {
		s.put(t, raised(state.String(), i, in(state)))
	}
	got, err := s.AtWork(t.Context())
	if want := []string{"contacted", "acknowledged", "open"}; err != nil || !slices.Equal(idsOf(got), want) {
		t.Errorf("%v, %v; want %v", idsOf(got), err, want)
	}
}

func TestRecentlyResolvedIsWhatWasResolvedSinceAndIsNotAtWorkAgain(t *testing.T) {
	s := NewAlerts(migrated(t))
	again := raised("again", 1, in(alert.Resolved))
	s.put(t, raised("before", 3, in(alert.Resolved)), raised("then", 2, in(alert.Resolved)), raised("verified", 1, in(alert.Verified)), raised("open", 1), again)
	again.Version, again.State = 2, alert.Open
	s.put(t, again)
	got, err := s.RecentlyResolved(t.Context(), alertNow.Add(-2*time.Hour))
	if want := []string{"then", "verified"}; err != nil || !slices.Equal(idsOf(got), want) {
		t.Errorf("%v, %v; want %v", idsOf(got), err, want)
	}
}

func TestOfASubjectTheAlertsComeThatAreAtWorkOrChangedSinceOrTheLatestOfTheirRule(t *testing.T) {
	s := NewAlerts(migrated(t))
	c := alert.Subject{Dimension: alert.Customer, Value: "c'1"}
	of := func(subject alert.Subject, rule alert.Rule, state alert.State) func(*alert.Alert) {
		return func(a *alert.Alert) { a.Subject, a.Rule = subject, rule; in(state)(a) }
	}
	s.put(t,
		raised("old-at-work", 90, of(c, alert.LowRating, alert.Contacted)),
		raised("old", 80, of(c, alert.LowRating, alert.Resolved)),
		raised("changed", 70, of(c, alert.LowRating, alert.Resolved), func(a *alert.Alert) { a.UpdatedAt = alertNow.Add(-time.Hour) }),
		raised("latest", 60, of(c, alert.LowRating, alert.Verified)),
		raised("mean-old", 95, of(c, alert.LowMean, alert.Resolved)),
		raised("mean-latest", 85, of(c, alert.LowMean, alert.Resolved)),
		raised("other", 1, of(alert.Subject{Dimension: alert.Customer, Value: "c2"}, alert.LowRating, alert.Open)),
		raised("service", 1, of(alert.Subject{Dimension: "service", Value: "c'1"}, alert.GroupFalling, alert.Open)))
	others := make([]alert.Subject, 2*subjectsAtOnce)
	for i := range others {
		others[i] = alert.Subject{Dimension: alert.Customer, Value: fmt.Sprint("nobody-", i)}
	}
	got, err := s.OfSubjects(t.Context(), append(others, c), alertNow.Add(-time.Hour))
	if want := []string{"old-at-work", "mean-latest", "changed", "latest"}; err != nil || !slices.Equal(idsOf(got), want) {
		t.Errorf("%v, %v; want %v", idsOf(got), err, want)
	}
	if got, err := s.OfSubjects(t.Context(), nil, alertNow); err != nil || len(got) != 0 {
		t.Errorf("of nobody: %v, %v", got, err)
	}
}

func TestAResolvedAlertStaysFor25MonthsAndOneAtWorkForEver(t *testing.T) {
	s := NewAlerts(migrated(t))
	old := func(state alert.State, months int) func(*alert.Alert) {
		return func(a *alert.Alert) {
			a.OpenedAt = time.Now().AddDate(0, -60, 0)
			a.UpdatedAt = time.Now().AddDate(0, -months, 0)
			in(state)(a)
		}
	}
	s.put(t, raised("gone", 0, old(alert.Verified, 26)), raised("kept", 0, old(alert.Resolved, 24)), raised("at-work", 0, old(alert.Open, 50)),
		raised("without-time", 0, old(alert.Resolved, 50), func(a *alert.Alert) { a.ResolvedAt = time.Time{} }))
	exec(t, s.conn, "OPTIMIZE TABLE customer_satisfaction_alerts FINAL")
	exec(t, s.conn, "OPTIMIZE TABLE customer_satisfaction_alert_entries FINAL")
	left, _, err := s.List(t.Context(), AlertFilter{})
	slices.SortFunc(left, func(a, b alert.Alert) int { return cmp.Compare(a.ID, b.ID) })
	if want := []string{"at-work", "kept", "without-time"}; err != nil || !slices.Equal(idsOf(left), want) {
		t.Errorf("%v are left, %v; want %v", idsOf(left), err, want)
	}
	var entries []struct {
		ID string `ch:"id"`
	}
	if err := s.conn.Select(t.Context(), &entries, "SELECT id FROM customer_satisfaction_alert_entries ORDER BY id"); err != nil || len(entries) != 2 || entries[0].ID != "gone" {
		t.Errorf("entries %v, %v; want those of 24 and 26 months", entries, err)
	}
	var settings string
	row := s.conn.QueryRow(t.Context(), "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'customer_satisfaction_alerts' AND create_table_query LIKE '%min_age_to_force_merge_seconds = 86400%'")
	if err := row.Scan(&settings); err != nil {
		t.Errorf("a replaced row at work could outlive the one that resolved it: %v", err)
	}
}

func TestTheAlertsOfSubjectsAreTheLastVersionsBeforeAnyMerge(t *testing.T) {
	s := NewAlerts(migrated(t))
	exec(t, s.conn, "SYSTEM STOP MERGES customer_satisfaction_alerts")
	a := raised("a", 2)
	s.put(t, a)
	a.Version, a.State, a.ResolvedAt, a.ResolvedBy = 2, alert.Resolved, alertNow, "ann"
	s.put(t, a)
	got, err := s.OfSubjects(t.Context(), []alert.Subject{a.Subject}, time.Time{})
	if err != nil || len(got) != 1 || got[0].Version != 2 {
		t.Errorf("%+v, %v; want version 2 alone", got, err)
	}
}
