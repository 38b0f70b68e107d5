package alert

import (
	"cmp"
	"slices"
	"time"
)

// Attention is a customer who needs somebody now, and why.
type Attention struct {
	Subject Subject
	Score   float64  // sum of those of the reasons
	Alerts  []Alert  // at work, the one that weighs most first
	Reasons []Reason // of each of the alerts, in their order
}

// Reason is what an alert adds to the attention that a customer needs.
type Reason struct {
	AlertID        string
	Rule           Rule
	Severity       Severity
	Score          float64
	Unacknowledged bool // nobody has seen it
	ContactOverdue bool
	ResolveOverdue bool
}

// Rank returns the customers of whom alerts are at work, who needs most attention first. An alert scores 1, 2 or 4 by its
// severity, times its weight; half as much again while nobody has seen it, and as much again when it is overdue. Of equal
// ones, the one whose oldest alert was opened first stands first.
func Rank(alerts []Alert, now time.Time) []Attention {
	of := map[Subject][]Alert{}
	for _, a := range alerts {
		if a.State.AtWork() && a.Subject.Dimension == Customer {
			of[a.Subject] = append(of[a.Subject], a.Clone())
		}
	}
	ranked := make([]Attention, 0, len(of))
	for subject, some := range of {
		ranked = append(ranked, attention(subject, some, now))
	}
	slices.SortFunc(ranked, func(a, b Attention) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), oldest(a.Alerts).Compare(oldest(b.Alerts)), cmp.Compare(a.Subject.Value, b.Subject.Value))
	})
	return ranked
}

func attention(subject Subject, alerts []Alert, now time.Time) Attention {
	slices.SortFunc(alerts, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(reason(&b, now).Score, reason(&a, now).Score), byOpening(&a, &b))
	})
	all := Attention{Subject: subject, Alerts: alerts}
	for i := range alerts {
		all.Reasons = append(all.Reasons, reason(&alerts[i], now))
		all.Score += all.Reasons[i].Score
	}
	return all
}

func reason(a *Alert, now time.Time) Reason {
	r := Reason{AlertID: a.ID, Rule: a.Rule, Severity: a.Severity, Unacknowledged: a.State == Open,
		ContactOverdue: a.ContactOverdue(now), ResolveOverdue: a.ResolveOverdue(now)}
	times := 1.0
	if r.Unacknowledged {
		times += 0.5
	}
	if r.ContactOverdue || r.ResolveOverdue {
		times++
	}
	r.Score = map[Severity]float64{Minor: 1, Major: 2, Critical: 4}[a.Severity] * a.Weight * times
	return r
}

func oldest(alerts []Alert) time.Time {
	found := alerts[0].Began()
	for i := range alerts {
		found = earlier(found, alerts[i].Began())
	}
	return found
}

// byOpening orders alerts by when the work on them began, the oldest first.
func byOpening(a, b *Alert) int {
	return cmp.Or(a.Began().Compare(b.Began()), cmp.Compare(a.ID, b.ID))
}
