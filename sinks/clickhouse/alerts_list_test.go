package clickhouse

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/alert"
)

func TestAlertsAreFoundByEveryFilter(t *testing.T) {
	s := NewAlerts(migrated(t))
	was := raised("e", 5) // what a replaced version says is not found
	s.put(t,
		raised("a", 100, func(a *alert.Alert) { a.Assignee = "ann" }),
		raised("b", 50, in(alert.Acknowledged), func(a *alert.Alert) { a.Severity, a.Subject.Value = alert.Critical, "c'1" }),
		raised("c", 80, in(alert.Contacted), func(a *alert.Alert) { a.Rule, a.Service = alert.LowMean, "legal_consulting" }),
		raised("d", 200, in(alert.Resolved), func(a *alert.Alert) { a.Segment = "enterprise" }),
		was,
		raised("f", 10, in(alert.Contacted), func(a *alert.Alert) {
			a.Rule, a.Severity, a.Service, a.Segment, a.Subject = alert.GroupFalling, alert.Major, "", "", alert.Subject{Dimension: "service", Value: "legal_consulting"}
		}),
		raised("g", 9, in(alert.Contacted), func(a *alert.Alert) {
			a.Rule, a.Service, a.Segment, a.Subject = alert.GroupFalling, "", "", alert.Subject{Dimension: "segment", Value: "enterprise"}
		}))
	now := was
	now.Version, now.Service, now.Assignee = 2, "document_review", "o'hara"
	in(alert.Verified)(&now)
	s.put(t, now)
	hoursAgo := func(h int) time.Time { return alertNow.Add(-time.Duration(h) * time.Hour) }
	for name, c := range map[string]struct {
		filter AlertFilter
		want   string
	}{
		"all, the newest first":                 {AlertFilter{}, "e g f b c a d"},
		"the newest two":                        {AlertFilter{Limit: 2}, "e g"},
		"states":                                {AlertFilter{States: []alert.State{alert.Open, alert.Resolved, alert.Verified}}, "e a d"},
		"rules":                                 {AlertFilter{Rules: []alert.Rule{alert.LowMean, alert.GroupFalling}}, "g f c"},
		"severities":                            {AlertFilter{Severities: []alert.Severity{alert.Major, alert.Critical}}, "f b"},
		"a dimension":                           {AlertFilter{Dimension: "service"}, "f"},
		"a customer":                            {AlertFilter{Dimension: alert.Customer, Value: "c'1"}, "b"},
		"a service, rated or as the subject":    {AlertFilter{Service: "legal_consulting"}, "f c"},
		"a service that it had before":          {AlertFilter{Service: "data_analysis"}, "b a d"},
		"a segment, of the last or the subject": {AlertFilter{Segment: "enterprise"}, "g d"},
		"an assignee":                           {AlertFilter{Assignee: "o'hara"}, "e"},
		"nobody assigned":                       {AlertFilter{Unassigned: true}, "g f b c d"},
		"overdue: contact of b, the end of c, both of a": {AlertFilter{OverdueAt: alertNow}, "b c a"},
		"overdue earlier":                       {AlertFilter{OverdueAt: hoursAgo(30)}, "a"},
		"overdue at the due time itself: not b": {AlertFilter{OverdueAt: hoursAgo(50 - 24)}, "a"},
		"overdue just after it":                 {AlertFilter{OverdueAt: hoursAgo(50 - 24).Add(time.Millisecond)}, "b a"},
		"opened from, included":                 {AlertFilter{From: hoursAgo(50)}, "e g f b"},
		"opened to, excluded":                   {AlertFilter{To: hoursAgo(80)}, "a d"},
		"together":                              {AlertFilter{Segment: "smb", States: []alert.State{alert.Contacted}}, "c"},
		"what is not there":                     {AlertFilter{Value: `c\'1`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := s.List(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			if ids := join(idsOf(got)); ids != c.want {
				t.Errorf("%s, want %s", ids, c.want)
			}
		})
	}
}

func join(ids []string) (all string) {
	for i, id := range ids {
		if i > 0 {
			all += " "
		}
		all += id
	}
	return all
}

func TestOverdueAlertsAreThoseThatTheTermsCallOverdue(t *testing.T) {
	s := NewAlerts(migrated(t))
	var all []alert.Alert
	for i, state := range alert.AllStates() {
		for hours := range 4 {
			all = append(all, raised(fmt.Sprint(i, "-", hours), 40*hours, in(state), func(a *alert.Alert) {
				if hours == 3 {
					a.ContactDue = time.Time{} // no clock runs
				}
			}))
		}
	}
	s.put(t, all...)
	for name, at := range map[string]time.Time{"now": alertNow, "at a due time": all[1].ContactDue, "after it": all[1].ContactDue.Add(time.Millisecond), "later": alertNow.AddDate(0, 0, 30)} {
		got, _, err := s.List(t.Context(), AlertFilter{OverdueAt: at})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, a := range all {
			if a.Overdue(at) {
				want = append(want, a.ID)
			}
		}
		ids := idsOf(got)
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", name, ids, want)
		}
	}
}

func TestCountsAreOfAllAlertsAndNotOfAPage(t *testing.T) {
	s := NewAlerts(migrated(t))
	var all, replaced []alert.Alert
	var want AlertCounts
	for i := range 1203 {
		a := raised(fmt.Sprintf("a%04d", i), i%60, in(alert.AllStates()[i%5]), func(a *alert.Alert) { a.Severity = alert.AllSeverities()[i%3] })
		all = append(all, a)
		if i%7 == 0 { // what a replaced version says does not count
			a.Version, a.Severity, a.State, a.ResolvedAt = 2, alert.Minor, alert.Resolved, alertNow
			replaced = append(replaced, a) // by another insert, or the insert itself would merge them
		}
		for _, c := range []struct {
			of    *int64
			holds bool
		}{{&want.Active, true}, {&want.Unacknowledged, a.State == alert.Open}, {&want.Critical, a.Severity == alert.Critical}, {&want.Overdue, a.Overdue(alertNow)}} {
			if a.State.AtWork() && c.holds {
				*c.of++
			}
		}
	}
	s.put(t, all...)
	s.put(t, replaced...)
	got, err := s.Counts(t.Context(), alertNow)
	if err != nil || got != want || want.Active <= 500 || want.Overdue == 0 || want.Critical == 0 {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestPagesHoldEveryAlertOnceThoughOthersAreOpenedMeanwhile(t *testing.T) {
	s := NewAlerts(migrated(t))
	var all []alert.Alert
	for i := range 23 {
		all = append(all, raised(fmt.Sprintf("a%02d", i*7%23), 1+i/6)) // six at a time are opened in the same millisecond
	}
	s.put(t, all...)
	whole, next, err := s.List(t.Context(), AlertFilter{})
	if err != nil || len(whole) != 23 || next != "" {
		t.Fatalf("%d alerts, next %q, %v; want all 23", len(whole), next, err)
	}
	for _, limit := range []int{1, 4, 6, 22, 23, 24} {
		var ids []string
		for page, f := 0, (AlertFilter{Limit: limit}); page == 0 || f.After != "" && page < 30; page++ {
			var got []alert.Alert
			if got, f.After, err = s.List(t.Context(), f); err != nil || len(got) == 0 || len(got) > limit {
				t.Fatalf("a page of %d alerts, %v; want 1 to %d", len(got), err, limit)
			}
			ids = append(ids, idsOf(got)...)
			s.put(t, raised(fmt.Sprint("new-", limit, "-", page), 0)) // opened now
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id[0] == 'n' })
		if !slices.Equal(ids, idsOf(whole)) {
			t.Errorf("by %d: %v, want %v", limit, ids, idsOf(whole))
		}
	}
}

func TestAPageThatNoAnswerNamedIsRefused(t *testing.T) {
	s := NewAlerts(migrated(t))
	for _, after := range []string{"x", "1", "x.a", ".", "1e3.a"} {
		if _, _, err := s.List(t.Context(), AlertFilter{After: after}); !errors.Is(err, ErrUnknownPage) {
			t.Errorf("%q: %v, want ErrUnknownPage", after, err)
		}
	}
	if got, next, err := s.List(t.Context(), AlertFilter{After: "1700000000000.'; DROP TABLE x"}); err != nil || len(got) != 0 || next != "" {
		t.Errorf("%v, %q, %v", got, next, err)
	}
}
