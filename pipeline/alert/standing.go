package alert

import "slices"

// judge is a rule on all ratings of a customer.
type judge func(t *tally) finding

// mostOpeners bounds the search for the rating that opens an alert, in a customer who gives thousands within the hour.
const mostOpeners = 1000

// standing decides a rule that stands for as long as it holds.
func (c *customer) standing(rule Rule, find judge) []Change {
	now := c.tally(c.ratings, c.now)
	f := find(&now)
	working := atWork(c.alerts, rule)
	var changes []Change
	for _, a := range working {
		changes = append(changes, c.follow(a, f, Recovery, &c.seen, c.now)...)
	}
	if len(working) > 0 || !f.holds {
		return changes
	}
	opener := c.opener(rule, find)
	if opener == nil {
		return nil
	}
	f.ratingIDs, f.first = []string{opener.RatingID}, opener
	return []Change{c.open(rule, c.subject, opener.RatingID, f, c.alerts, c.now)}
}

// opener returns the fresh rating with which the rule began to hold, so that it is the same one however much later this is
// decided; nil if there is none. What had been looked at when the last alert was resolved was dealt with; after a person
// resolved it, only a low rating opens another.
func (c *customer) opener(rule Rule, find judge) *Rating {
	over := over(c.alerts, rule)
	held := func(ratings []Rating, x *Rating) bool {
		t := c.tally(ratings, earlier(x.ArrivedAt, c.now)) // a producer's clock may be ahead
		return find(&t).holds
	}
	var found *Rating
	for _, x := range slices.Backward(c.fresh[max(0, len(c.fresh)-mostOpeners):]) {
		at := c.arrival(x.RatingID)
		if !held(c.ratings[:at+1], &x) {
			break
		}
		dealtWith := over != nil && over.dealtWith(&x, &c.seen) || c.opened(rule, &x)
		if !dealtWith && (over == nil || !over.byPerson() || c.low(&x)) {
			found = &x
		}
		if !held(c.ratings[:at], &x) {
			break
		}
	}
	return found
}

// opened says whether the rating opened an alert that a person resolved.
func (c *customer) opened(rule Rule, x *Rating) bool {
	return slices.ContainsFunc(c.alerts, func(a Alert) bool {
		return a.Rule == rule && a.byPerson() && slices.Contains(a.RatingIDs, x.RatingID)
	})
}
