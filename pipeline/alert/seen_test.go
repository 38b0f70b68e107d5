package alert

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// A person resolves an alert that names as many ratings as it can; one that arrived before the last of them is stored later.
func TestWhatWasStoredAfterAFullAlertWasResolvedIsAnsweredByNone(t *testing.T) {
	for _, seen := range []bool{true, false} {
		d := newDesk(t, singly)
		for i := range 150 {
			d.rate(fmt.Sprint("r-", i), 300, time.Duration(150-i)*time.Second)
		}
		d.decides("low_rating opened")
		d.rate("late", 300, 149*time.Second+time.Second/2)
		if seen {
			d.decides()
			d.act(d.one(LowRating), Resolve)
			d.decides()
			continue
		}
		late := d.ratings[len(d.ratings)-1]
		d.ratings = d.ratings[:len(d.ratings)-1]
		d.act(d.one(LowRating), Resolve)
		d.ratings = append(d.ratings, late)
		d.decides("low_rating opened")
	}
}

func TestAnAlertKeepsTheLabelsOfTheRatingThatOpenedIt(t *testing.T) {
	for _, rule := range []Rule{LowRating, LowMean} {
		d := newDesk(t, nil)
		d.history("h-", 4, 300, longDay)
		d.rate("r-1", 300, time.Minute)
		d.decides("low_rating opened", "low_mean opened")
		x := d.rate("r-2", 290, 0)
		x.Service, x.Segment = "data_analysis", "basic"
		d.decides("low_rating updated", "low_mean updated")
		a := d.one(rule)
		equal(t, "now", a.Service+" "+a.Segment, "data_analysis basic")
		equal(t, "labels", a.LabelService+" "+a.LabelSegment, "legal_consulting vip")
	}
}

func TestWhoHasTheMailIsKeptByRecipient(t *testing.T) {
	d := newDesk(t, nil)
	d.rate("r-1", 300, time.Minute)
	d.decide()
	a := *d.one(LowRating)
	step := func(action Action, to, refused []string, after time.Duration) {
		c, err := d.rules.Act(a, Request{Action: action, By: System, MailedTo: to, RefusedTo: refused}, d.now.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		a = c.Alert
	}
	step(MailRefused, nil, []string{"x"}, 0)
	equal(t, "mailed", a.MailedAt.IsZero(), true)
	step(Mailed, []string{"y"}, []string{"x"}, time.Hour)
	step(Mailed, []string{"z", "y"}, nil, 2*hour)
	equal(t, "mailed", a.MailedAt, d.now.Add(hour))
	equal(t, "to", fmt.Sprint(a.MailedTo, a.RefusedTo), "[y z] [x]")
	if Recipient("A@example.com") != Recipient("a@example.com") || Recipient("a@example.com") == Recipient("b@example.com") {
		t.Error("recipients are not told apart, or by their case")
	}
	b := a.Clone()
	b.MailedTo[0], b.RefusedTo[0] = "", ""
	if slices.Contains(a.MailedTo, "") || slices.Contains(a.RefusedTo, "") {
		t.Error("a clone shares who has the mail")
	}
}
