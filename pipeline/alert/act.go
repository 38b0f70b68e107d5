package alert

import (
	"fmt"
	"slices"
	"time"
)

// StateError says that an action is not possible in the state of the alert.
type StateError struct {
	ID       string
	State    State
	Action   Action
	Possible []Action // what is
	Other    string   // id of the alert at work beside which this one cannot be reopened, else empty
}

// Error returns the state and what is possible in it.
func (e *StateError) Error() string {
	text := fmt.Sprintf("alert %s is %s: %s is not possible", e.ID, e.State, e.Action)
	if e.Other != "" {
		text += fmt.Sprintf(" while alert %s of the same rule and subject is at work", e.Other)
	}
	if len(e.Possible) == 0 {
		return text
	}
	return text + ": want " + either(e.Possible)
}

// Act returns what the request makes of the alert. The error is a *FieldError for a bad request, and a *StateError for an
// action that is not possible in the state of the alert.
func (r *Rules) Act(a Alert, do Request, now time.Time) (Change, error) {
	do = do.tidy()
	if err := do.check(); err != nil {
		return Change{}, err
	}
	if err := do.possible(&a); err != nil {
		return Change{}, err
	}
	c := next(a, do.By, do.Action, do.Comment, exact(now))
	r.act(&c.Alert, &do)
	if do.Action == Assign {
		c.Entry.Assignee = do.Assignee
	}
	return c, nil
}

func (do *Request) possible(a *Alert) error {
	e := &StateError{ID: a.ID, State: a.State, Action: do.Action, Possible: a.State.Possible()}
	switch {
	case do.Action == Mailed || do.Action == MailRefused:
		return nil
	case !slices.Contains(e.Possible, do.Action):
		return e
	case do.Action == Reopen && do.Other != "":
		e.Other = do.Other
		e.Possible = slices.DeleteFunc(e.Possible, func(a Action) bool { return a == Reopen })
		return e
	}
	return nil
}

// act is the one place where people bring an alert from state to state. A reopened one begins anew, its clocks too.
func (r *Rules) act(a *Alert, do *Request) {
	now := a.UpdatedAt
	switch do.Action {
	case Acknowledge:
		a.State, a.AcknowledgedAt = Acknowledged, now
	case Contact:
		if a.State == Open {
			a.AcknowledgedAt = now
		}
		a.State, a.ContactedAt = Contacted, now
	case Resolve:
		a.State, a.ResolvedAt, a.ResolvedBy, a.Resolution, a.Seen = Resolved, now, do.By, do.Comment, do.Seen
	case Verify:
		a.State, a.VerifiedAt = Verified, now
	case Reopen:
		a.begin(now)
		a.due(&r.config)
	case Assign:
		a.Assignee = do.Assignee
	case Mailed, MailRefused:
		if a.MailedAt.IsZero() && do.Action == Mailed {
			a.MailedAt = now
		}
		a.MailedTo, a.RefusedTo = union(a.MailedTo, do.MailedTo), union(a.RefusedTo, do.RefusedTo)
	}
}

// union returns the elements of both, each once, in their order.
func union(a, b []string) []string {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
