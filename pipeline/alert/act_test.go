package alert

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// inState returns an alert that has come to the state, an hour from step to step.
func inState(t *testing.T, s State) (*desk, *Alert) {
	t.Helper()
	d := newDesk(t, singly)
	d.rate("r-1", 200, 0)
	d.decides("low_rating opened")
	for _, action := range map[State][]Action{Acknowledged: {Acknowledge}, Contacted: {Contact}, Resolved: {Resolve}, Verified: {Resolve, Verify}}[s] {
		d.pass(hour)
		d.act(d.one(LowRating), action)
	}
	equal(t, "state", d.one(LowRating).State, s)
	return d, d.one(LowRating)
}

func TestEveryTransition(t *testing.T) {
	allowed := map[State]map[Action]State{
		Open:         {Acknowledge: Acknowledged, Contact: Contacted, Resolve: Resolved, Assign: Open, Comment: Open, Mailed: Open},
		Acknowledged: {Contact: Contacted, Resolve: Resolved, Assign: Acknowledged, Comment: Acknowledged, Mailed: Acknowledged},
		Contacted:    {Resolve: Resolved, Assign: Contacted, Comment: Contacted, Mailed: Contacted},
		Resolved:     {Verify: Verified, Reopen: Open, Assign: Resolved, Comment: Resolved, Mailed: Resolved},
		Verified:     {Reopen: Open, Mailed: Verified},
	}
	for _, from := range AllStates() {
		for _, action := range append(AllActions(), Mailed) {
			t.Run(from.String()+" "+string(action), func(t *testing.T) {
				d, a := inState(t, from)
				by := "li.na"
				if action == Mailed {
					by = System
				}
				c, err := d.rules.Act(*a, Request{Action: action, By: by, Comment: "called"}, d.now)
				to, can := allowed[from][action]
				var wrong *StateError
				switch {
				case can && err != nil:
					t.Fatal(err)
				case can:
					equal(t, "state", c.Alert.State, to)
					equal(t, "version", c.Alert.Version, a.Version+1)
					equal(t, "entry", c.Entry, Entry{Version: c.Alert.Version, At: d.now, By: by, Action: action, Comment: "called"})
				case !errors.As(err, &wrong):
					t.Fatalf("got %v, want a *StateError", err)
				default:
					equal(t, "state of the error", wrong.State, from)
					equal(t, "action of the error", wrong.Action, action)
					equal(t, "possible", len(wrong.Possible), len(allowed[from])-1)
				}
			})
		}
	}
}

func TestAWrongTransitionIsSaidWithWhatIsPossible(t *testing.T) {
	d, a := inState(t, Resolved)
	_, err := d.rules.Act(*a, Request{Action: Acknowledge, By: "li.na"}, d.now)
	equal(t, "error", err.Error(), "alert "+a.ID+" is resolved: acknowledge is not possible: want verify, reopen, assign or comment")
	_, err = d.rules.Act(*a, Request{Action: Reopen, By: "li.na", Other: "b"}, d.now)
	equal(t, "error", err.Error(), "alert "+a.ID+" is resolved: reopen is not possible while alert b of the same rule and subject is at work: want verify, assign or comment")
	_, err = d.rules.Act(Alert{ID: "a", State: Verified}, Request{Action: Reopen, By: "li.na", Other: "b"}, d.now)
	equal(t, "error", err.Error(), "alert a is verified: reopen is not possible while alert b of the same rule and subject is at work")
}

func TestWhatAPersonDoesIsNotedWithItsTime(t *testing.T) {
	d, a := inState(t, Open)
	d.pass(hour)
	d.act(a, Contact)
	equal(t, "acknowledged with the contact", a.AcknowledgedAt, d.now)
	equal(t, "contacted", a.ContactedAt, d.now)
	d.pass(hour)
	d.act(a, Assign)
	equal(t, "assignee", a.Assignee, "wang.wei")
	equal(t, "assignee of the entry", d.record[len(d.record)-1].Assignee, "wang.wei")
	equal(t, "updated", a.UpdatedAt, d.now)
	d.pass(hour)
	d.act(a, Resolve)
	equal(t, "resolved", a.ResolvedAt, d.now)
	equal(t, "by", a.ResolvedBy, "li.na")
	equal(t, "resolution", a.Resolution, "called")
	equal(t, "holding", a.Holding, true)
	d.pass(hour)
	d.act(a, Verify)
	equal(t, "verified", a.VerifiedAt, d.now)
}

func TestAcknowledgingFirstKeepsItsTime(t *testing.T) {
	d, a := inState(t, Acknowledged)
	at := a.AcknowledgedAt
	d.pass(hour)
	d.act(a, Contact)
	equal(t, "acknowledged", a.AcknowledgedAt, at)
}

func TestAReopenedAlertBeginsAnewWithItsClocks(t *testing.T) {
	d, a := inState(t, Verified)
	d.act(a, Reopen)
	equal(t, "opened", a.OpenedAt.Before(d.now), true)
	equal(t, "reopened", a.ReopenedAt, d.now)
	equal(t, "began", a.Began(), d.now)
	equal(t, "seen", a.Seen.Empty(), true)
	equal(t, "contact", a.ContactDue, d.now.Add(d.rules.config.ContactIn.of(a.Severity)))
	equal(t, "resolve", a.ResolveDue, d.now.Add(d.rules.config.ResolveIn.of(a.Severity)))
	equal(t, "times", a.ResolvedAt.IsZero() && a.VerifiedAt.IsZero() && a.AcknowledgedAt.IsZero(), true)
	equal(t, "texts", a.Resolution+a.ResolvedBy, "")
	equal(t, "named", len(a.RatingIDs), 1)
}

func TestABadRequestIsSaidByFieldValueAndWhatIsRight(t *testing.T) {
	long := strings.Repeat("长", 129)
	for name, c := range map[string]struct {
		do   Request
		want string
	}{
		"an unknown action":            {Request{Action: "close", By: "li.na"}, `action: "close": want acknowledge, assign, contacted, resolve, verify, reopen or comment`},
		"an action of the system":      {Request{Action: Recovered, By: System}, `action: "recovered": want acknowledge, assign, contacted, resolve, verify, reopen or comment`},
		"mailed by a person":           {Request{Action: Mailed, By: "li.na"}, `action: "mailed": want acknowledge, assign, contacted, resolve, verify, reopen or comment`},
		"a person named as the system": {Request{Action: Acknowledge, By: System}, "by: satisflow: want the name of a person"},
		"nobody":                       {Request{Action: Acknowledge, By: " "}, "by: empty: want 1 to 128 characters without control characters"},
		"a long name":                  {Request{Action: Acknowledge, By: long}, "by: 129 characters: want 1 to 128 characters without control characters"},
		"a name in two lines":          {Request{Action: Acknowledge, By: "li\nna"}, "by: a control character: want 1 to 128 characters without control characters"},
		"a long assignee":              {Request{Action: Assign, By: "li.na", Assignee: long}, "assignee: 129 characters: want 0 to 128 characters without control characters"},
		"an assignee in two lines":     {Request{Action: Assign, By: "li.na", Assignee: "a\r\nb"}, "assignee: a control character: want 0 to 128 characters without control characters"},
		"no resolution":                {Request{Action: Resolve, By: "li.na", Comment: " \n"}, "comment: empty: want 1 to 4000 characters without control characters"},
		"no comment":                   {Request{Action: Comment, By: "li.na"}, "comment: empty: want 1 to 4000 characters without control characters"},
		"a long comment":               {Request{Action: Verify, By: "li.na", Comment: strings.Repeat("长", 4001)}, "comment: 4001 characters: want 0 to 4000 characters without control characters"},
		"a bell in a comment":          {Request{Action: Comment, By: "li.na", Comment: "a\ab"}, "comment: a control character: want 1 to 4000 characters without control characters"},
		"a comment that is no UTF-8":   {Request{Action: Comment, By: "li.na", Comment: "a\xff"}, "comment: not UTF-8: want 1 to 4000 characters without control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			d, a := inState(t, Open)
			_, err := d.rules.Act(*a, c.do, d.now)
			var field *FieldError
			if !errors.As(err, &field) {
				t.Fatalf("got %v, want a *FieldError", err)
			}
			equal(t, "error", err.Error(), c.want)
		})
	}
}

func TestTheLongestTextsAndLinesAreFine(t *testing.T) {
	d, a := inState(t, Open)
	long := strings.Repeat("长", 128)
	text := strings.Repeat("长", 3998) + "\n长"
	c, err := d.rules.Act(*a, Request{Action: Assign, By: long, Assignee: long, Comment: " " + text + "\r\n"}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "comment", c.Entry.Comment, text)
	c, err = d.rules.Act(c.Alert, Request{Action: Assign, By: long}, d.now)
	equal(t, "error", err, nil)
	equal(t, "assignee", c.Alert.Assignee, "")
}

func TestActWritesNothingToTheAlertThatItWasGiven(t *testing.T) {
	d, a := inState(t, Open)
	c, err := d.rules.Act(*a, Request{Action: Acknowledge, By: "li.na"}, d.now.Add(1500*time.Microsecond))
	if err != nil {
		t.Fatal(err)
	}
	c.Alert.RatingIDs[0] = "changed"
	equal(t, "named", a.RatingIDs[0], "r-1")
	equal(t, "state", a.State, Open)
	equal(t, "time to the millisecond", c.Alert.AcknowledgedAt, d.now.Add(time.Millisecond))
}
