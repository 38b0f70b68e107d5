package alert

import (
	"cmp"
	"slices"
)

// mostRatings is how many low ratings an alert names at most: the first, and the last of the others.
const mostRatings = 100

// lowRatings decides LowRating. New ratings go to the alert at work that is oldest.
func (c *customer) lowRatings() []Change {
	added := c.newLow()
	working := atWork(c.alerts, LowRating)
	if len(working) == 0 && len(added) > 0 {
		ids := c.named(nil, added)
		f := c.lowRating(ids, &Alert{})
		f.first = &c.ratings[c.arrival(ids[0])]
		return []Change{c.open(LowRating, c.subject, ids[0], f, c.alerts, c.now)}
	}
	var changes []Change
	for _, a := range working {
		f := c.lowRating(c.named(a.RatingIDs, added), a)
		changes = append(changes, c.follow(a, f, Withdrawn, &c.seen, c.now)...)
		added = nil
	}
	return changes
}

// newLow returns the fresh low ratings that no alert knows.
func (c *customer) newLow() []Rating {
	known, full := c.known()
	answered := func(x *Rating) bool {
		return slices.ContainsFunc(full, func(f fullAlert) bool {
			return c.arrival(x.RatingID) < f.oldest && (f.State.AtWork() || f.dealtWith(x, &c.seen))
		})
	}
	var found []Rating
	for _, x := range c.fresh {
		if c.low(&x) && !known[x.RatingID] && !answered(&x) {
			found = append(found, x)
		}
	}
	return found
}

// fullAlert is an alert that names as many ratings as it can. It answers too for those that came before the ones that it
// names last.
type fullAlert struct {
	*Alert
	oldest int // arrival of the oldest of these
}

// known returns the low ratings that alerts answer for: by id, and the alerts that answer for more. An alert that resolved by
// itself answers for none, as none was low then.
func (c *customer) known() (named map[string]bool, full []fullAlert) {
	named = map[string]bool{}
	for i := range c.alerts {
		a := &c.alerts[i]
		if a.Rule != LowRating || !a.State.AtWork() && !a.byPerson() {
			continue
		}
		oldest := len(c.ratings)
		for n, id := range a.RatingIDs {
			named[id] = true
			if at := c.arrival(id); n > 0 && at >= 0 {
				oldest = min(oldest, at)
			}
		}
		if len(a.RatingIDs) >= mostRatings && oldest < len(c.ratings) {
			full = append(full, fullAlert{a, oldest})
		}
	}
	return named, full
}

// named returns the ids with those of the ratings added, without what is too many. What came first of the others goes.
func (c *customer) named(ids []string, added []Rating) []string {
	all := slices.Clone(ids)
	for i := range added {
		all = append(all, added[i].RatingID)
	}
	if len(all) <= mostRatings {
		return all
	}
	slices.SortStableFunc(all[1:], func(a, b string) int { return cmp.Compare(c.arrival(a), c.arrival(b)) })
	return slices.Delete(all, 1, 1+len(all)-mostRatings)
}

// arrival returns which of the ratings it is, by arrival; -1 for one that is not given.
func (c *customer) arrival(id string) int {
	if at, given := c.index[id]; given {
		return at
	}
	return -1
}

// lowRating judges the ratings of the alert. One that is not given is still as low as the alert says.
func (c *customer) lowRating(ids []string, a *Alert) finding {
	f := finding{threshold: points(c.threshold), value: points(c.threshold), ratingIDs: ids,
		service: a.Service, segment: a.Segment, ratedAt: a.RatedAt, weight: a.Weight}
	var last *Rating
	for _, id := range ids {
		at := c.arrival(id)
		switch {
		case at < 0:
			f.ratings++
			f.value = min(f.value, a.Value)
		case c.low(&c.ratings[at]):
			f.ratings++
			f.value = min(f.value, points(c.ratings[at].Rating))
			if later(&c.ratings[at], last) {
				last = &c.ratings[at]
			}
		}
	}
	f.holds = f.ratings > 0
	f.points = f.threshold - f.value
	f.of(c.Rules, last)
	return f
}
