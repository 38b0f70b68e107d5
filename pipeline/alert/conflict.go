package alert

import (
	"slices"
	"time"
)

// repeatedWithin is how long the same request, by the same person, is a repetition where it names no version.
const repeatedWithin = 2 * time.Minute

// ofState are the actions that bring an alert to another state; opened and recovered are those of System.
var ofState = []Action{Acknowledge, Contact, Resolve, Verify, Reopen, Opened, Recovered}

// changes returns the actions that change what this one changes: the state, or who works on it. A comment changes nothing that
// another could.
func (a Action) changes() []Action {
	switch {
	case a == Assign:
		return []Action{Assign}
	case slices.Contains(ofState, a):
		return ofState
	}
	return nil
}

// Conflicts says whether, since the version that the request was made on, somebody has changed what it changes. Versions of which
// the record holds nothing conflict.
func (do *Request) Conflicts(a *Alert, record []Entry, version uint64) bool {
	changes := do.Action.changes()
	return version > a.Version || slices.ContainsFunc(record, func(e Entry) bool {
		return e.Version > version && slices.Contains(changes, e.Action)
	})
}

// Repeats says whether the request was carried out before: its answer was lost, and it came again. It is the same by the same
// person, after the version that it was made on or, without one, a moment ago, and nobody has changed what it changed since.
func (do *Request) Repeats(record []Entry, version uint64, now time.Time) bool {
	same := do.tidy()
	changes := same.Action.changes()
	for _, e := range slices.Backward(record) {
		switch {
		case version > 0 && e.Version <= version, version == 0 && now.Sub(e.At) > repeatedWithin:
			return false
		case e.Action == same.Action && e.By == same.By && e.Comment == same.Comment:
			return same.Action != Assign || e.Assignee == same.Assignee
		case slices.Contains(changes, e.Action):
			return false
		}
	}
	return false
}
