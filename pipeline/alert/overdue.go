package alert

import "time"

// ContactOverdue says whether the customer should have been contacted by now and was not.
func (a *Alert) ContactOverdue(now time.Time) bool {
	return a.State < Contacted && past(a.ContactDue, now)
}

// ResolveOverdue says whether the alert should have been resolved by now and is not.
func (a *Alert) ResolveOverdue(now time.Time) bool {
	return a.State.AtWork() && past(a.ResolveDue, now)
}

// Overdue says whether a due time has passed that still runs.
func (a *Alert) Overdue(now time.Time) bool { return a.ContactOverdue(now) || a.ResolveOverdue(now) }

func past(due, now time.Time) bool { return !due.IsZero() && now.After(due) }
