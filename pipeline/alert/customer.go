package alert

import (
	"slices"
	"time"
)

// customer is one customer at one time, with all that is decided by.
type customer struct {
	*Rules
	subject Subject
	ratings []Rating // by arrival
	index   map[string]int
	fresh   []Rating // those that may open an alert, by arrival
	alerts  []Alert
	seen    Seen
	now     time.Time
}

func (r *Rules) customer(ratings []Rating, alerts []Alert, seen Seen, now time.Time) *customer {
	c := &customer{Rules: r, ratings: slices.Clone(ratings), index: make(map[string]int, len(ratings)), alerts: alerts, seen: seen.with(ratings), now: exact(now)}
	slices.SortFunc(c.ratings, byArrival)
	for i := range c.ratings {
		c.subject = Subject{Customer, c.ratings[i].CustomerID}
		c.index[c.ratings[i].RatingID] = i
		if r.fresh(&c.ratings[i], c.now) {
			c.fresh = append(c.fresh, c.ratings[i])
		}
	}
	return c
}

// exact returns the time as it is stored, to the millisecond, so that what was read again equals what was decided.
func exact(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// atWork returns the alerts of the rule on which there is work, the oldest first.
func atWork(alerts []Alert, rule Rule) []*Alert {
	var found []*Alert
	for i := range alerts {
		if a := &alerts[i]; a.Rule == rule && a.State.AtWork() {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, byOpening)
	return found
}

// over returns the alert of the rule that was resolved last, nil without any.
func over(alerts []Alert, rule Rule) *Alert {
	var found *Alert
	for i := range alerts {
		if a := &alerts[i]; a.Rule == rule && !a.State.AtWork() && (found == nil || a.ResolvedAt.After(found.ResolvedAt)) {
			found = a
		}
	}
	return found
}

// byPerson says whether a person resolved the alert.
func (a *Alert) byPerson() bool { return !a.State.AtWork() && a.ResolvedBy != System }
