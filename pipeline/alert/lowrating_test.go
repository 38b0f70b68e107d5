package alert

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// singly keeps the rule on means out.
func singly(c *Config) { c.MinRatings = 1000 }

func TestARatingBelowTheThresholdOpensAnAlertAtOnce(t *testing.T) {
	opened, nothing := []string{"low_rating opened"}, []string(nil)
	for name, c := range map[string]struct {
		rating  int32
		ago     time.Duration // since it was given
		arrived time.Duration // after it was given
		change  func(x *Rating)
		want    []string
	}{
		"3.49 does":                     {349, 0, 0, nil, opened},
		"3.5 does not, below is strict": {350, 0, 0, nil, nothing},
		"1.0 does":                      {100, 0, 0, nil, opened},
		"without a score it does not":   {0, 0, 0, nil, nothing},
		"arrived just less than an hour ago, it does": {200, hour - time.Millisecond, 0, nil, opened},
		"arrived an hour ago, it does not":            {200, hour, 0, nil, nothing},
		"just less than 24 h old on arrival, it does": {200, 24 * hour, 24*hour - time.Millisecond, nil, opened},
		"24 h old on arrival, it does not":            {200, 24 * hour, 24 * hour, nil, nothing},
		"dated five minutes ahead, it does":           {200, -5 * time.Minute, -5 * time.Minute, nil, opened},
		"erased, quarantined or of staff it does not": {200, 0, 0, func(x *Rating) { x.Counts = false }, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, singly)
			x := d.rate("r-1", c.rating, c.ago)
			x.ArrivedAt = x.OccurredAt.Add(c.arrived)
			if c.change != nil {
				c.change(x)
			}
			d.decides(c.want...)
		})
	}
}

func TestAnAlertSaysWhyItWasOpened(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 250, time.Minute)
	d.decides("low_rating opened")
	a := d.one(LowRating)
	equal(t, "id", a.ID, ID(LowRating, Subject{Customer, "c-1"}, "r-1"))
	equal(t, "subject", a.Subject, Subject{"customer", "c-1"})
	equal(t, "state", a.State, Open)
	equal(t, "holding", a.Holding, true)
	equal(t, "severity", a.Severity, Minor)
	equal(t, "value", a.Value, 2.5)
	equal(t, "threshold", a.Threshold, 3.5)
	equal(t, "ratings", a.Ratings, 1)
	equal(t, "weight", a.Weight, 1)
	equal(t, "service", a.Service, "legal_consulting")
	equal(t, "segment", a.Segment, "vip")
	equal(t, "rated", a.RatedAt, noon.Add(-time.Minute))
	equal(t, "opened", a.OpenedAt, noon)
	equal(t, "updated", a.UpdatedAt, noon)
	equal(t, "contact", a.ContactDue, noon.Add(72*hour))
	equal(t, "resolve", a.ResolveDue, noon.Add(14*24*hour))
	equal(t, "entry", d.record[0], Entry{Version: 1, At: noon, By: System, Action: Opened})
}

func TestFurtherLowRatingsAreAddedToTheAlertAtWork(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 300, 0)
	d.decides("low_rating opened")
	d.act(d.one(LowRating), Contact)
	d.pass(2 * hour)
	d.rate("r-2", 320, 0)
	d.decides("low_rating updated")
	d.rate("r-3", 400, 0)
	d.decides()
	a := d.one(LowRating)
	equal(t, "state", a.State, Contacted)
	equal(t, "value", a.Value, 3)
	equal(t, "ratings", a.Ratings, 2)
	equal(t, "rated", a.RatedAt, d.now)
	equal(t, "named", fmt.Sprint(a.RatingIDs), "[r-1 r-2]")
}

func TestOfRatingsThatAreDecidedTogetherTheFirstThatArrivedOpens(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-a", 200, 10*time.Minute)
	d.rate("r-c", 200, 30*time.Minute)
	d.rate("r-b", 200, 20*time.Minute)
	d.decides("low_rating opened")
	equal(t, "named", fmt.Sprint(d.one(LowRating).RatingIDs), "[r-c r-b r-a]")
}

func TestAWorseRatingEscalatesAndShortensTheDueTimes(t *testing.T) {
	d := newDesk(t, func(c *Config) { singly(c); c.Weights = []string{"segment:vip=1.2"} })
	d.rate("r-1", 300, 0)
	d.decides("low_rating opened")
	equal(t, "severity of 3.0", d.one(LowRating).Severity, Minor)
	d.pass(hour)
	d.rate("r-2", 225, 0)
	d.decides("low_rating escalated")
	a := d.one(LowRating)
	equal(t, "severity of 2.25 with weight 1.2", a.Severity, Major)
	equal(t, "escalated", a.EscalatedAt, d.now)
	equal(t, "contact", a.ContactDue, noon.Add(24*hour))
	equal(t, "resolve", a.ResolveDue, noon.Add(7*24*hour))
	d.pass(hour)
	d.rate("r-3", 100, 0)
	d.decides("low_rating escalated")
	equal(t, "severity of 1.0 with weight 1.2", a.Severity, Critical)
	equal(t, "contact", a.ContactDue, noon.Add(4*hour))
	equal(t, "resolve", a.ResolveDue, noon.Add(48*hour))
}

func TestAnEscalationNeverGivesMoreTime(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 300, 0)
	d.decides("low_rating opened")
	d.rules.config.ContactIn.Major, d.rules.config.ResolveIn.Major = 100*hour, 1000*hour // configured otherwise meanwhile
	d.rate("r-2", 100, 0)
	d.decides("low_rating escalated")
	equal(t, "contact", d.one(LowRating).ContactDue, noon.Add(72*hour))
	equal(t, "resolve", d.one(LowRating).ResolveDue, noon.Add(14*24*hour))
}

func TestTheSeverityDoesNotFallWhileThereIsWork(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 100, 0)
	d.decides("low_rating opened")
	equal(t, "severity", d.one(LowRating).Severity, Major)
	due := d.one(LowRating).ContactDue
	d.correct("r-1", func(x *Rating) { x.Rating = 340 })
	d.decides("low_rating updated")
	a := d.one(LowRating)
	equal(t, "value", a.Value, 3.4)
	equal(t, "severity", a.Severity, Major)
	equal(t, "due", a.ContactDue, due)
	equal(t, "escalated", a.EscalatedAt.IsZero(), true)
}

func TestAnAlertIsWithdrawnWhenNoneOfItsRatingsIsLowAnyMore(t *testing.T) {
	for name, change := range map[string]func(x *Rating){
		"corrected to the threshold": func(x *Rating) { x.Rating = 350 },
		"erased":                     func(x *Rating) { x.Counts, x.Rating = false, 0 },
		"quarantined":                func(x *Rating) { x.Counts = false },
		"its score taken back":       func(x *Rating) { x.Rating = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, singly)
			d.rate("r-1", 200, 0)
			d.rate("r-2", 300, 0)
			d.decides("low_rating opened")
			d.act(d.one(LowRating), Acknowledge)
			d.pass(48 * hour)
			d.correct("r-1", change)
			d.decides("low_rating updated")
			equal(t, "value", d.one(LowRating).Value, 3)
			d.correct("r-2", change)
			d.decides("low_rating recovered")
			a := d.one(LowRating)
			equal(t, "state", a.State, Resolved)
			equal(t, "holding", a.Holding, false)
			equal(t, "by", a.ResolvedBy, System)
			equal(t, "resolution", a.Resolution, Withdrawn)
			equal(t, "resolved", a.ResolvedAt, d.now)
			equal(t, "value", a.Value, 3)
			equal(t, "entry", d.record[len(d.record)-1], Entry{Version: a.Version, At: d.now, By: System, Action: Recovered, Comment: Withdrawn})
		})
	}
}

func TestACorrectionDownwardsOpensAnAlertWhileTheRatingIsYoung(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 450, 23*hour)
	d.rate("r-2", 450, 25*hour)
	d.decides()
	d.correct("r-2", func(x *Rating) { x.Rating = 100 })
	d.decides()
	d.correct("r-1", func(x *Rating) { x.Rating = 100 })
	d.decides("low_rating opened")
}

func TestAWithdrawnAlertBeginsAgainWhenItsRatingIsLowAgain(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 100, 0)
	d.decides("low_rating opened")
	d.act(d.one(LowRating), Contact)
	d.correct("r-1", func(x *Rating) { x.Rating = 500 })
	d.decides("low_rating recovered")
	d.act(d.one(LowRating), Verify)
	d.pass(hour)
	d.correct("r-1", func(x *Rating) { x.Rating = 300 })
	d.decides("low_rating opened")
	a := d.one(LowRating)
	equal(t, "version", a.Version, 5)
	equal(t, "state", a.State, Open)
	equal(t, "severity", a.Severity, Minor)
	equal(t, "opened", a.OpenedAt, noon)
	equal(t, "reopened", a.ReopenedAt, d.now)
	equal(t, "contact", a.ContactDue, d.now.Add(72*hour))
	equal(t, "times", a.AcknowledgedAt.IsZero() && a.ContactedAt.IsZero() && a.ResolvedAt.IsZero() && a.VerifiedAt.IsZero(), true)
	equal(t, "texts", a.Resolution+a.ResolvedBy, "")
}

func TestAnAlertThatAPersonResolvedStaysResolvedUntilAnotherLowRating(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 200, 0)
	d.rate("r-2", 200, 0)
	d.decides("low_rating opened")
	d.act(d.one(LowRating), Resolve)
	d.decides()
	d.correct("r-2", func(x *Rating) { x.Rating = 100 })
	d.decides()
	d.correct("r-1", func(x *Rating) {}) // delivered again
	d.decides()
	d.rate("r-3", 350, 0)
	d.decides()
	d.rate("r-4", 349, 0)
	d.decides("low_rating opened")
	equal(t, "alerts", len(d.alerts), 2)
	equal(t, "named", fmt.Sprint(d.alerts[1].RatingIDs), "[r-4]")
}

func TestALowRatingThatArrivedBeforeItsPredecessorsWereResolvedIsNotLost(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 200, 10*time.Minute)
	d.decides("low_rating opened")
	d.act(d.one(LowRating), Resolve)
	d.rate("r-2", 200, 5*time.Minute) // stored late
	d.decides("low_rating opened")
}

func TestARatingThatIsNotGivenIsTakenForUnchanged(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 150, 0)
	d.rate("r-2", 200, 0)
	d.decides("low_rating opened")
	d.pass(60 * 24 * hour)
	d.ratings = nil
	d.decides()
	d.rate("r-3", 300, 0)
	d.decides("low_rating updated")
	a := d.one(LowRating)
	equal(t, "value", a.Value, 1.5)
	equal(t, "ratings", a.Ratings, 3)
	d.correct("r-3", func(x *Rating) { x.Rating = 500 })
	d.decides("low_rating updated")
	equal(t, "state", a.State, Open)
}

func TestAnAlertThatAPersonReopenedWithoutReasonIsLeftToPeople(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 200, 0)
	d.decides("low_rating opened")
	d.correct("r-1", func(x *Rating) { x.Rating = 500 })
	d.decides("low_rating recovered")
	d.act(d.one(LowRating), Reopen)
	d.decides()
	equal(t, "state", d.one(LowRating).State, Open)
	equal(t, "holding", d.one(LowRating).Holding, false)
	d.rate("r-2", 200, 0)
	d.decides("low_rating updated")
	equal(t, "holding", d.one(LowRating).Holding, true)
	d.correct("r-2", func(x *Rating) { x.Rating = 500 })
	d.decides("low_rating recovered")
}

func TestAnAlertNamesTheFirstAndTheLastNinetyNineRatings(t *testing.T) {
	d := newDesk(t, singly)
	d.history("r-", 150, 200, 0)
	d.now = d.ratings[149].ArrivedAt
	for i := range d.ratings { // all of them within the hour
		d.ratings[i].ArrivedAt = d.now.Add(time.Duration(i-150) * time.Second)
		d.ratings[i].OccurredAt = d.ratings[i].ArrivedAt
	}
	late := d.ratings[20]
	d.ratings = slices.Delete(d.ratings, 20, 21)
	d.decides("low_rating opened")
	named := func() []string { return d.one(LowRating).RatingIDs }
	equal(t, "names", len(named()), 100)
	equal(t, "first", named()[0], "r-0")
	equal(t, "second", named()[1], "r-51")
	equal(t, "last", named()[99], "r-149")

	d.ratings = append(d.ratings, late) // belongs before the ones that are named last
	d.decides()
	d.rate("r-150", 300, 0)
	d.decides("low_rating updated")
	equal(t, "first", named()[0], "r-0")
	equal(t, "second", named()[1], "r-52")
	equal(t, "last", named()[99], "r-150")
	d.act(d.one(LowRating), Resolve)
	d.decides()
}

func TestTwoAlertsAtWorkAreFollowedAndOnlyTheOlderOneGrows(t *testing.T) {
	d := newDesk(t, singly)
	d.rate("r-1", 200, 0)
	d.decides("low_rating opened")
	d.act(d.one(LowRating), Resolve)
	d.pass(time.Minute)
	d.rate("r-2", 200, 0)
	d.decides("low_rating opened")
	d.pass(time.Minute)
	d.act(&d.alerts[0], Reopen) // by a caller that did not look for another
	d.rate("r-3", 200, 0)
	d.decides("low_rating updated")
	equal(t, "of the older one", fmt.Sprint(d.alerts[1].RatingIDs), "[r-2 r-3]")
	d.correct("r-1", func(x *Rating) { x.Rating = 500 })
	d.decides("low_rating recovered")
	equal(t, "the other one", d.alerts[0].State, Resolved)
}
