package alert

import (
	"slices"
	"time"
)

// Why an alert resolved by itself: what Resolution and the comment of the entry say.
const (
	Withdrawn = "withdrawn" // every rating of it was corrected, erased or quarantined
	Recovery  = "recovered" // the mean or share is no longer too low, or too few ratings are left to say so
)

// next returns the alert at its next version, and the entry for it.
func next(a Alert, by string, action Action, comment string, now time.Time) Change {
	a = a.Clone()
	a.Version++
	a.UpdatedAt = now
	return Change{a, Entry{Version: a.Version, At: now, By: by, Action: action, Comment: comment}}
}

// open returns a new alert. Where one of the same identity had resolved by itself, that one begins again.
func (r *Rules) open(rule Rule, s Subject, opening string, f finding, alerts []Alert, now time.Time) Change {
	was := Alert{ID: ID(rule, s, opening), Rule: rule, Subject: s}
	if at := slices.IndexFunc(alerts, func(a Alert) bool { return a.ID == was.ID }); at >= 0 {
		was = alerts[at]
	}
	c := next(was, System, Opened, "", now)
	c.Alert.begin(now)
	c.Alert.Holding, c.Alert.Severity = true, r.severity(&f)
	f.put(&c.Alert)
	if was.Version == 0 {
		c.Alert.LabelService, c.Alert.LabelSegment = f.service, f.segment
		if f.first != nil {
			c.Alert.LabelService, c.Alert.LabelSegment = f.first.Service, f.first.Segment
		}
	}
	c.Alert.due(&r.config)
	return c
}

// begin sets the work back to its start; when it was opened first, who was told, and who works on it, stays.
func (a *Alert) begin(now time.Time) {
	a.State, a.Seen = Open, Seen{}
	if a.OpenedAt.IsZero() {
		a.OpenedAt = now
	} else {
		a.ReopenedAt = now
	}
	a.EscalatedAt, a.AcknowledgedAt, a.ContactedAt, a.ResolvedAt, a.VerifiedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	a.ContactDue, a.ResolveDue = time.Time{}, time.Time{}
	a.Resolution, a.ResolvedBy = "", ""
}

// due sets the times by which something should be done, which an escalation only shortens. In a service or segment there is
// nobody to be contacted before it is resolved.
func (a *Alert) due(c *Config) {
	resolve := a.Began().Add(c.ResolveIn.of(a.Severity))
	contact := a.Began().Add(c.ContactIn.of(a.Severity))
	if a.Rule == GroupFalling {
		contact = resolve
	}
	a.ContactDue, a.ResolveDue = earlier(a.ContactDue, contact), earlier(a.ResolveDue, resolve)
}

func (c *Clock) of(s Severity) time.Duration {
	switch s {
	case Critical:
		return c.Critical
	case Major:
		return c.Major
	default:
		return c.Minor
	}
}

// earlier returns the earlier of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// follow returns the change of an alert at work that follows from the finding, if there is one. An alert that a person
// reopened though its reason had gone is left to people.
func (r *Rules) follow(a *Alert, f finding, reason string, seen *Seen, now time.Time) []Change {
	switch {
	case f.holds:
		return r.update(a, f, now)
	case a.Holding:
		return []Change{recovered(a, f, reason, seen, now)}
	}
	return nil
}

func (r *Rules) update(a *Alert, f finding, now time.Time) []Change {
	c := next(*a, System, Updated, "", now)
	c.Alert.Holding = true
	f.put(&c.Alert)
	if s := r.severity(&f); s > a.Severity {
		c.Entry.Action = Escalated
		c.Alert.Severity, c.Alert.EscalatedAt = s, now
		c.Alert.due(&r.config)
	} else if alike(a, &c.Alert) {
		return nil
	}
	return []Change{c}
}

// recovered resolves the alert as its reason has gone, with the figures that say so where there are any.
func recovered(a *Alert, f finding, reason string, seen *Seen, now time.Time) Change {
	c := next(*a, System, Recovered, reason, now)
	if f.ratings > 0 {
		f.put(&c.Alert)
	}
	c.Alert.Holding, c.Alert.State, c.Alert.ResolvedAt = false, Resolved, now
	c.Alert.ResolvedBy, c.Alert.Resolution, c.Alert.Seen = System, reason, *seen
	return c
}

// alike says whether two states of an alert differ in nothing that a finding sets.
func alike(a, b *Alert) bool {
	return a.Holding == b.Holding && a.Value == b.Value && a.Threshold == b.Threshold && a.Ratings == b.Ratings &&
		a.Before == b.Before && a.BeforeN == b.BeforeN && a.Weight == b.Weight && a.Service == b.Service &&
		a.Segment == b.Segment && a.RatedAt.Equal(b.RatedAt) && slices.Equal(a.RatingIDs, b.RatingIDs)
}

// Clone returns a copy that shares nothing with the alert.
func (a Alert) Clone() Alert {
	a.RatingIDs, a.Seen.Next = slices.Clone(a.RatingIDs), slices.Clone(a.Seen.Next)
	a.MailedTo, a.RefusedTo = slices.Clone(a.MailedTo), slices.Clone(a.RefusedTo)
	return a
}
