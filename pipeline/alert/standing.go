package alert

import (
	"slices"
	"time"
)

// judge is a rule on all ratings of a customer: what it finds in them at the time.
type judge func(ratings []Rating, at time.Time) finding

// standing decides a rule that stands for as long as it holds.
func (c *customer) standing(rule Rule, find judge) []Change {
	f := find(c.ratings, c.now)
	working := atWork(c.alerts, rule)
	var changes []Change
	for _, a := range working {
		changes = append(changes, c.follow(a, f, Recovery, c.now)...)
	}
	if len(working) > 0 || !f.holds {
		return changes
	}
	opener := c.opener(rule, find)
	if opener == nil {
		return nil
	}
	f.ratingIDs = []string{opener.RatingID}
	return []Change{c.open(rule, c.subject, opener.RatingID, f, c.alerts, c.now)}
}

// opener returns the fresh rating with which the rule began to hold, so that it is the same one however much later this is
// decided; nil if there is none. What arrived before the last alert was resolved was dealt with; after a person resolved it,
// only a low rating opens another.
func (c *customer) opener(rule Rule, find judge) *Rating {
	over := over(c.alerts, rule)
	var found *Rating
	for _, x := range slices.Backward(c.fresh) {
		at := c.arrival(x.RatingID)
		arrived := earlier(x.ArrivedAt, c.now) // a producer's clock may be ahead
		if over != nil && !x.ArrivedAt.After(over.ResolvedAt) || !find(c.ratings[:at+1], arrived).holds {
			break
		}
		if !c.dealtWith(rule, &x) && (over == nil || !over.byPerson() || c.low(&x)) {
			found = &x
		}
		if !find(c.ratings[:at], arrived).holds {
			break
		}
	}
	return found
}

// dealtWith says whether the rating opened an alert that a person resolved.
func (c *customer) dealtWith(rule Rule, x *Rating) bool {
	return slices.ContainsFunc(c.alerts, func(a Alert) bool {
		return a.Rule == rule && a.byPerson() && slices.Contains(a.RatingIDs, x.RatingID)
	})
}
