package alert

import (
	"time"

	"satisflow/pipeline/window"
)

// Group returns what changes for a service or segment at its newest complete window. Fresh are the same sums of those
// ratings only that arrived within FreshAge of being given: both must have fallen for an alert to open, so that the import
// of a bad month opens none. Alerts are all of the subject that are at work, and the latest.
//
// After a person resolved an alert, another opens in a window that began later; so it is not raised again by the same fall.
func (r *Rules) Group(g Group, fresh Group, alerts []Alert, now time.Time) []Change {
	now = exact(now)
	working := atWork(alerts, GroupFalling)
	f := r.group(&g)
	var changes []Change
	for _, a := range working {
		if !g.End.Before(a.RatedAt) {
			changes = append(changes, r.follow(a, f, Recovery, &Seen{}, now)...)
		}
	}
	if len(working) > 0 || !f.holds || !r.group(&fresh).holds || !r.opens(&g, over(alerts, GroupFalling), now) {
		return changes
	}
	return []Change{r.open(GroupFalling, g.Subject, g.End.UTC().Format(time.RFC3339), f, alerts, now)}
}

func (r *Rules) group(g *Group) finding {
	f := fall(shareOf{g.Satisfied, g.Ratings}, shareOf{g.BeforeSatisfied, g.BeforeRatings}, r.config.GroupRatings, r.config.GroupDrop)
	f.ratedAt, f.weight = g.End.UTC(), 1
	if g.Subject.Dimension == window.Segment {
		f.weight = r.Weight("", g.Subject.Value)
	}
	return f
}

// opens says whether the window may open an alert: it ended lately, and what was resolved last leaves it open.
func (r *Rules) opens(g *Group, over *Alert, now time.Time) bool {
	switch {
	case now.Sub(g.End) >= r.config.FreshAge:
		return false
	case over == nil:
		return true
	case over.byPerson():
		return !g.End.Add(-g.Window).Before(over.ResolvedAt)
	}
	return !g.End.Before(over.RatedAt)
}
