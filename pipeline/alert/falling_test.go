package alert

import (
	"testing"
	"time"
)

// falls has before ratings of the window before, and now ratings of this one, of which so many are satisfied.
func falls(d *desk, satisfiedBefore, before, satisfied, now int) {
	for name, part := range map[string]struct {
		satisfied, n int
		ago          time.Duration
	}{"b-": {satisfiedBefore, before, 30 * longDay}, "n-": {satisfied, now - 1, 2 * hour}} {
		d.history(name+"y-", part.satisfied, 400, part.ago)
		d.history(name+"n-", part.n-part.satisfied, 399, part.ago)
	}
	d.rate("r-new", 399, 0)
}

func TestASharpFallOfTheSatisfiedShareStands(t *testing.T) {
	for name, c := range map[string]struct {
		satisfiedBefore, before, satisfied, now int
		opens                                   bool
	}{
		"from 10 of 10 to 4 of 10":                        {10, 10, 4, 10, true},
		"from 10 of 10 to 5 of 10, not significantly":     {10, 10, 5, 10, false},
		"from 5 of 5 to 0 of 5":                           {5, 5, 0, 5, true},
		"too few ratings now":                             {50, 50, 0, 4, false},
		"too few ratings before":                          {4, 4, 0, 50, false},
		"from 1000 of 1000 to 800 of 1000, by the drop":   {1000, 1000, 800, 1000, true},
		"from 1000 of 1000 to 801, less than the drop":    {1000, 1000, 801, 1000, false},
		"from 900 of 1000 to 700, though floats say less": {900, 1000, 700, 1000, true},
		"a rise": {0, 50, 49, 50, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			falls(d, c.satisfiedBefore, c.before, c.satisfied, c.now)
			d.decide()
			at := atWork(d.alerts, Falling)
			equal(t, "opened", len(at) == 1, c.opens)
			if c.opens {
				equal(t, "id", at[0].ID, ID(Falling, Subject{Customer, "c-1"}, "r-new"))
			}
		})
	}
}

func TestAFallSaysFromWhatAndHowFar(t *testing.T) {
	d := newDesk(t, nil)
	falls(d, 10, 10, 4, 10)
	d.decides("falling opened")
	a := d.one(Falling)
	equal(t, "value", a.Value, 0.4)
	equal(t, "ratings", a.Ratings, 10)
	equal(t, "before", a.Before, 1)
	equal(t, "before n", a.BeforeN, 10)
	equal(t, "threshold", a.Threshold, 1)
	equal(t, "severity of 0.6 of 4 points", a.Severity, Major)
	equal(t, "opened by", a.RatingIDs[0], "r-new")
}

func TestTheWindowsMeetExactlyTwentyEightDaysAgo(t *testing.T) {
	d := newDesk(t, nil)
	for i := range 10 {
		d.rate("b-"+string(rune('a'+i)), 500, 28*longDay)
		d.rate("n-"+string(rune('a'+i)), 399, 28*longDay-time.Millisecond)
		d.rate("o-"+string(rune('a'+i)), 100, 56*longDay)
	}
	sums := d.rules.tally(d.ratings, d.now)
	f := d.rules.falling(&sums)
	equal(t, "now", f.ratings, 10)
	equal(t, "share", f.value, 0)
	equal(t, "before", f.beforeN, 10)
	equal(t, "share before", f.before, 1)
}

func TestAFallThatIsNotSignificantAnyMoreIsOver(t *testing.T) {
	d := newDesk(t, nil)
	falls(d, 10, 10, 4, 10)
	d.decides("falling opened")
	d.pass(2 * hour)
	for i := range 3 {
		d.rate("r-"+string(rune('a'+i)), 500, 0)
	}
	d.decides("falling recovered")
	equal(t, "value", d.one(Falling).Value, 7.0/13)
}

func TestAFallBringsNothingUpWhenItsRatingsAreNotFresh(t *testing.T) {
	d := newDesk(t, nil)
	falls(d, 10, 10, 4, 10)
	d.rating("r-new").ArrivedAt = noon.Add(-hour)
	d.decides()
}
