package alert

import (
	"testing"
	"time"
)

var legal = Subject{"service", "legal_consulting"}

func groupOf(end time.Time, satisfied, ratings int64) Group {
	return Group{Subject: legal, End: end, Window: 7 * longDay, Satisfied: satisfied, Ratings: ratings, BeforeSatisfied: 950, BeforeRatings: 1000}
}

// close evaluates a window of which all ratings were fresh.
func (d *desk) close(g Group) []string {
	d.Helper()
	return d.closeWith(g, g)
}

func (d *desk) closeWith(g, fresh Group) []string {
	d.Helper()
	done := d.put(d.rules.Group(g, fresh, d.alerts, d.now))
	if again := d.rules.Group(g, fresh, shuffled(d.alerts), d.now); len(again) > 0 {
		d.Fatalf("deciding again changes: %+v", again)
	}
	return done
}

func demand(t *testing.T, got []string, want string) {
	t.Helper()
	if len(got) > 1 || len(got) == 1 && got[0] != want || len(got) == 0 && want != "" {
		t.Errorf("done: %q, want %q", got, want)
	}
}

func TestAFallOfAServiceOpensAnAlert(t *testing.T) {
	opened := "group_falling opened"
	for name, c := range map[string]struct {
		change func(g, fresh *Group)
		want   string
	}{
		"significantly": {func(g, fresh *Group) {}, opened},
		"less than the drop": {func(g, fresh *Group) {
			g.Satisfied, g.Ratings, g.BeforeSatisfied, g.BeforeRatings = 92100, 100000, 95000, 100000
		}, ""},
		"by the drop": {func(g, fresh *Group) {
			g.Satisfied, g.Ratings, g.BeforeSatisfied, g.BeforeRatings = 92000, 100000, 95000, 100000
		}, opened},
		"not significantly":                     {func(g, fresh *Group) { g.Satisfied, g.Ratings, g.BeforeSatisfied, g.BeforeRatings = 24, 30, 29, 30 }, ""},
		"of too few ratings":                    {func(g, fresh *Group) { g.Satisfied, g.Ratings = 0, 29 }, ""},
		"against too few ratings":               {func(g, fresh *Group) { g.BeforeSatisfied, g.BeforeRatings = 29, 29 }, ""},
		"without any ratings":                   {func(g, fresh *Group) { g.Satisfied, g.Ratings = 0, 0 }, ""},
		"by backfilled ratings only":            {func(g, fresh *Group) { fresh.Satisfied = 950 }, ""},
		"with none of the ratings before fresh": {func(g, fresh *Group) { fresh.BeforeSatisfied, fresh.BeforeRatings = 0, 0 }, ""},
		"just less than 24 h ago":               {func(g, fresh *Group) { g.End = noon.Add(-24*hour + time.Millisecond) }, opened},
		"24 h ago":                              {func(g, fresh *Group) { g.End = noon.Add(-24 * hour) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			g := groupOf(noon, 850, 1000)
			fresh := g
			c.change(&g, &fresh)
			demand(t, d.closeWith(g, fresh), c.want)
		})
	}
}

func TestAnAlertOfAServiceSaysWhy(t *testing.T) {
	d := newDesk(t, nil)
	demand(t, d.close(groupOf(noon, 850, 1000)), "group_falling opened")
	a := d.one(GroupFalling)
	equal(t, "id", a.ID, ID(GroupFalling, legal, "2026-03-01T12:00:00Z"))
	equal(t, "value", a.Value, 0.85)
	equal(t, "before", a.Before, 0.95)
	equal(t, "ratings", a.Ratings, 1000)
	equal(t, "rated", a.RatedAt, noon)
	equal(t, "severity", a.Severity, Minor)
	equal(t, "weight", a.Weight, 1)
	equal(t, "names", len(a.RatingIDs), 0)
	equal(t, "texts", a.Service+a.Segment, "")
	equal(t, "contact", a.ContactDue, a.ResolveDue)
}

func TestASegmentHasItsWeight(t *testing.T) {
	d := newDesk(t, func(c *Config) { c.Weights = []string{"segment:legal_consulting=4"} })
	g := groupOf(noon, 850, 1000)
	d.close(g)
	equal(t, "weight of the service", d.one(GroupFalling).Weight, 1)
	g.Subject.Dimension = "segment"
	d.alerts = nil
	d.close(g)
	equal(t, "weight of the segment", d.one(GroupFalling).Weight, 4)
	equal(t, "severity of 0.1 of 4 points, times 4", d.one(GroupFalling).Severity, Major)
}

func TestAFallOfAServiceIsFollowedFromWindowToWindow(t *testing.T) {
	d := newDesk(t, nil)
	demand(t, d.close(groupOf(noon, 850, 1000)), "group_falling opened")
	demand(t, d.close(groupOf(noon.Add(-6*hour), 950, 1000)), "") // read late
	d.pass(6 * hour)
	demand(t, d.close(groupOf(d.now, 550, 1000)), "group_falling escalated")
	d.pass(6 * hour)
	demand(t, d.close(groupOf(d.now, 870, 1000)), "group_falling updated")
	d.pass(6 * hour)
	demand(t, d.close(groupOf(d.now, 930, 1000)), "group_falling recovered")
	equal(t, "rated", d.one(GroupFalling).RatedAt, d.now)
	demand(t, d.close(groupOf(d.now.Add(-6*hour), 800, 1000)), "") // read late
	demand(t, d.close(groupOf(noon, 800, 1000)), "")
	d.pass(6 * hour)
	demand(t, d.close(groupOf(d.now, 850, 1000)), "group_falling opened")
	equal(t, "alerts", len(d.alerts), 2)
}

func TestAFallThatIsCorrectedAwayAndBackBeginsAgain(t *testing.T) {
	d := newDesk(t, nil)
	demand(t, d.close(groupOf(noon, 850, 1000)), "group_falling opened")
	d.put([]Change{must(d.rules.Act(*d.one(GroupFalling), Request{Action: Mailed, By: System}, d.now))})
	demand(t, d.close(groupOf(noon, 950, 1000)), "group_falling recovered")
	demand(t, d.close(groupOf(noon, 860, 1000)), "group_falling opened")
	equal(t, "version", d.one(GroupFalling).Version, 4)
	equal(t, "its owner was told", d.one(GroupFalling).MailedAt, d.now)
}

func TestAFallThatAPersonResolvedIsRaisedAgainOnlyByAWindowThatBeganLater(t *testing.T) {
	d := newDesk(t, nil)
	demand(t, d.close(groupOf(noon, 850, 1000)), "group_falling opened")
	d.act(d.one(GroupFalling), Resolve)
	demand(t, d.close(groupOf(noon, 840, 1000)), "")
	for range 27 {
		d.pass(6 * hour)
		demand(t, d.close(groupOf(d.now, 840, 1000)), "")
	}
	d.pass(6 * hour)
	demand(t, d.close(groupOf(d.now, 840, 1000)), "group_falling opened")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
