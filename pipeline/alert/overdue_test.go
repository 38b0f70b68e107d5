package alert

import (
	"testing"
	"time"
)

func TestADueTimeRunsUntilItIsMet(t *testing.T) {
	contact, resolve := noon.Add(4*hour), noon.Add(48*hour)
	for name, c := range map[string]struct {
		state                    State
		now                      time.Time
		contactLate, resolveLate bool
	}{
		"open, at the time":             {Open, contact, false, false},
		"open, after it":                {Open, contact.Add(time.Millisecond), true, false},
		"acknowledged, after it":        {Acknowledged, contact.Add(time.Millisecond), true, false},
		"contacted, after it":           {Contacted, contact.Add(time.Millisecond), false, false},
		"contacted, at the second time": {Contacted, resolve, false, false},
		"contacted, after the second":   {Contacted, resolve.Add(time.Millisecond), false, true},
		"open, after both":              {Open, resolve.Add(time.Millisecond), true, true},
		"resolved, after both":          {Resolved, resolve.Add(hour), false, false},
		"verified, after both":          {Verified, resolve.Add(hour), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := Alert{State: c.state, ContactDue: contact, ResolveDue: resolve}
			equal(t, "contact", a.ContactOverdue(c.now), c.contactLate)
			equal(t, "resolve", a.ResolveOverdue(c.now), c.resolveLate)
			equal(t, "either", a.Overdue(c.now), c.contactLate || c.resolveLate)
		})
	}
}
