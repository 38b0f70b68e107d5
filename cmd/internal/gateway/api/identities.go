package api

import (
	"fmt"
	"strconv"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
)

// reasonConflict is the reason for refusing a rating_id that came before in the body, with another time or customer: both
// would count.
const reasonConflict = "identity_conflict"

// identity is what belongs to a rating_id for ever.
type identity struct {
	at       int64 // Unix milliseconds
	customer string
	place    int // where the body named it first: its row or line
}

// identities are those that a body has named, up to most; what comes later is not compared with what it does not hold.
type identities struct {
	most int
	all  map[string]identity
}

// check compares the event at the place with those before it, and keeps it.
func (s *identities) check(ev *event.Event, place int, unit string) []problem.Entry {
	first, known := s.all[ev.RatingID]
	switch {
	case !known && len(s.all) < s.most:
		if s.all == nil {
			s.all = map[string]identity{}
		}
		// Cloned, as the event's strings point into the body.
		s.all[string([]byte(ev.RatingID))] = identity{ev.OccurredAt, string([]byte(ev.CustomerID)), place}
	case !known:
	case first.at != ev.OccurredAt:
		return []problem.Entry{entry("occurred_at", textOf(ev.OccurredAt), reasonConflict,
			fmt.Sprintf("the occurred_at of the same rating_id in %s %d, or another rating_id: these belong together for ever", unit, first.place))}
	case first.customer != ev.CustomerID:
		const field = "customer_id" // its value may be personal
		want := fmt.Sprintf("the customer_id of the same rating_id in %s %d, or another rating_id: these belong together for ever", unit, first.place)
		return []problem.Entry{{Field: field, Reason: reasonConflict, Want: want, Pointer: pointer(field), Detail: field + ": another one: want " + want}}
	}
	return nil
}

func textOf(ms int64) string { return strconv.Quote(timeOfMillis(ms)) }
