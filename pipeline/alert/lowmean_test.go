package alert

import (
	"testing"
	"time"
)

const longDay = 24 * hour

func TestAMeanBelowTheThresholdStands(t *testing.T) {
	for name, c := range map[string]struct {
		fresh   int32
		earlier []int32
		ago     time.Duration // of the earlier ones
		opens   bool
	}{
		"3.49 of three ratings":                          {349, []int32{349, 349}, longDay, true},
		"3.4967 of three ratings, by one hundredth":      {350, []int32{350, 349}, longDay, true},
		"3.5 of three ratings does not, below is strict": {350, []int32{340, 360}, longDay, false},
		"two ratings are too few":                        {100, []int32{100}, longDay, false},
		"28 days less a moment ago still counts":         {100, []int32{100, 100}, 28*longDay - time.Millisecond, true},
		"28 days ago does not":                           {100, []int32{100, 100}, 28 * longDay, false},
		"a good fresh rating tells of it too":            {500, []int32{100, 100, 100}, longDay, true},
		"a good fresh rating may heal it":                {500, []int32{300, 300}, longDay, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			for i, x := range c.earlier {
				d.rate("r-"+string(rune('a'+i)), x, c.ago)
			}
			d.rate("r-new", c.fresh, 0)
			d.decide()
			at := atWork(d.alerts, LowMean)
			equal(t, "opened", len(at) == 1, c.opens)
			if c.opens {
				equal(t, "id", at[0].ID, ID(LowMean, Subject{Customer, "c-1"}, "r-new"))
			}
		})
	}
}

func TestOnlyWhatCountsIsInTheMean(t *testing.T) {
	d := newDesk(t, nil)
	d.rate("r-1", 100, longDay)
	d.rate("r-2", 0, longDay)                  // without a score
	d.rate("r-3", 100, longDay).Counts = false // of staff, quarantined or erased
	d.rate("r-4", 360, 0)
	d.decides()
	d.rate("r-5", 500, 0)
	d.rate("r-6", 360, 0)
	d.decides("low_mean opened")
	a := d.one(LowMean)
	equal(t, "ratings", a.Ratings, 4)
	equal(t, "value", a.Value, 3.3)
	equal(t, "threshold", a.Threshold, 3.5)
}

func TestABadMonthThatIsBackfilledOpensNothing(t *testing.T) {
	d := newDesk(t, nil)
	for i := range 40 {
		x := d.rate("r-"+string(rune('a'+i)), 100, time.Duration(i+1)*longDay)
		x.ArrivedAt, x.Offset = d.now, d.next()
	}
	d.decides()
	d.rate("r-before", 450, 30*time.Minute) // fresh, but it came before the month was known
	d.decides()
	d.rate("r-after", 450, -time.Second)
	d.decides("low_mean opened")
}

func TestAMeanThatRecoversResolvesItsAlert(t *testing.T) {
	d := newDesk(t, nil)
	d.history("h-", 2, 300, longDay)
	d.rate("r-1", 360, 0)
	d.decides("low_mean opened")
	d.pass(2 * hour)
	d.rate("r-2", 440, 0)
	d.decides("low_mean recovered")
	a := d.one(LowMean)
	equal(t, "value", a.Value, 3.5)
	equal(t, "ratings", a.Ratings, 4)
	equal(t, "state", a.State, Resolved)
	equal(t, "resolution", a.Resolution, Recovery)
	equal(t, "by", a.ResolvedBy, System)
	equal(t, "holding", a.Holding, false)
	d.pass(2 * hour)
	d.rate("r-3", 340, 0)
	d.decides("low_rating opened", "low_mean opened")
	equal(t, "alerts", len(d.alerts), 3)
}

func TestTooFewRatingsThatAreLeftResolveTheAlert(t *testing.T) {
	d := newDesk(t, nil)
	d.history("h-", 2, 300, 27*longDay)
	d.rate("r-1", 360, 0)
	d.decides("low_mean opened")
	d.pass(longDay - time.Minute - time.Millisecond) // the older one was given a minute more than 27 days ago
	d.decides()
	d.pass(time.Millisecond)
	d.decides("low_mean recovered")
	equal(t, "ratings", d.one(LowMean).Ratings, 2)
}

func TestWithNoRatingLeftTheLastFiguresStay(t *testing.T) {
	d := newDesk(t, nil)
	d.history("h-", 2, 300, longDay)
	d.rate("r-1", 360, 0)
	d.decides("low_mean opened")
	for i := range d.ratings {
		d.ratings[i].Counts = false
	}
	d.decides("low_mean recovered")
	equal(t, "value", d.one(LowMean).Value, 3.2)
	equal(t, "ratings", d.one(LowMean).Ratings, 3)
	equal(t, "weight", d.one(LowMean).Weight, 1)
}

func TestAMeanThatRecoversByItselfAndFallsByTheSameRatingBeginsAgain(t *testing.T) {
	d := newDesk(t, nil)
	d.history("h-", 2, 350, longDay)
	d.rate("r-1", 345, 0)
	d.decides("low_rating opened", "low_mean opened")
	d.pass(time.Minute)
	d.correct("r-1", func(x *Rating) { x.Rating = 500 })
	d.decides("low_rating recovered", "low_mean recovered")
	d.pass(time.Minute)
	d.correct("r-1", func(x *Rating) { x.Rating = 345 })
	d.decides("low_rating opened", "low_mean opened")
	equal(t, "version", d.one(LowMean).Version, 3)
	equal(t, "state", d.one(LowMean).State, Open)
}

func TestAMeanThatAPersonResolvedStaysResolvedUntilAnotherLowRatingArrives(t *testing.T) {
	for name, c := range map[string]struct {
		rate  func(d *desk)
		opens bool
	}{
		"nothing arrives":                      {func(d *desk) {}, false},
		"a rating of 3.5 arrives":              {func(d *desk) { d.rate("r-2", 350, 0) }, false},
		"a rating of 3.49 arrives":             {func(d *desk) { d.rate("r-2", 349, 0) }, true},
		"one that arrived before is seen late": {func(d *desk) { d.rate("r-2", 349, 45*time.Minute) }, true},
		"one that arrived at that moment":      {func(d *desk) { d.rate("r-2", 349, 30*time.Minute+time.Second) }, true},
		"one of another epoch, before":         {func(d *desk) { d.rate("r-2", 349, 45*time.Minute); d.alerts[1].Seen.Epoch = 7 }, false},
		"one of another epoch, after":          {func(d *desk) { d.rate("r-2", 349, time.Minute); d.alerts[1].Seen.Epoch = 7 }, true},
		"one that had been looked at, late":    {func(d *desk) { d.rate("r-2", 349, 0); d.alerts[1].Seen.Next[0] = 100 }, false},
		"one of another partition":             {func(d *desk) { d.rate("r-2", 349, 45*time.Minute).Partition = 3; d.alerts[1].Seen.Next[0] = 100 }, true},
		"the one that opened it arrives again": {func(d *desk) { d.correct("r-1", func(x *Rating) { x.Rating = 100 }) }, false},
		"an old rating arrives":                {func(d *desk) { d.rate("r-2", 100, 25*hour).ArrivedAt = d.now }, false},
		"a low one, then a good one":           {func(d *desk) { d.rate("r-2", 100, 10*time.Minute); d.rate("r-3", 350, 0) }, true},
		"a low one, then the opener again": {func(d *desk) {
			d.rate("r-2", 100, 10*time.Minute)
			d.correct("r-1", func(x *Rating) { x.Rating = 300 })
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.history("h-", 4, 300, longDay)
			d.rate("r-1", 300, 0)
			d.decides("low_rating opened", "low_mean opened")
			d.pass(2 * hour)
			d.act(d.one(LowMean), Resolve)
			d.pass(30 * time.Minute)
			c.rate(d)
			d.decide()
			at := atWork(d.alerts, LowMean)
			equal(t, "opened", len(at) == 1, c.opens)
			if c.opens {
				equal(t, "id", at[0].ID, ID(LowMean, Subject{Customer, "c-1"}, "r-2"))
			}
		})
	}
}

func TestHoweverLateItIsDecidedTheRatingWithWhichTheMeanBecameLowOpens(t *testing.T) {
	for name, late := range map[string][]time.Duration{
		"at once":        {0, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute},
		"after the last": {15 * time.Minute},
		"when the first ones are no longer fresh": {63 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, singlyMeans)
			all := newDesk(t, singlyMeans)
			all.history("h-", 2, 400, longDay)
			for i, x := range []int32{350, 250, 340, 350} { // means 3.83, 3.5, 3.48, 3.48
				all.rate("r-"+string(rune('1'+i)), x, time.Duration(-5*i)*time.Minute).ArrivedAt = noon.Add(time.Duration(5*i) * time.Minute)
			}
			for _, after := range late {
				d.now = noon.Add(after)
				d.ratings = nil
				for _, x := range all.ratings {
					if !x.ArrivedAt.After(d.now) {
						d.ratings = append(d.ratings, x)
					}
				}
				d.decide()
			}
			equal(t, "id", d.one(LowMean).ID, ID(LowMean, Subject{Customer, "c-1"}, "r-3"))
		})
	}
}

func singlyMeans(c *Config) { c.MinRatings = 5 }

func TestTheWeightAndSeverityOfAMeanAreOfTheLastRating(t *testing.T) {
	d := newDesk(t, func(c *Config) { c.Weights = []string{"segment:gold=5"} })
	d.history("h-", 2, 300, longDay)
	x := d.rate("r-1", 360, 0)
	x.Segment, x.Service = "gold", "document_review"
	d.decides("low_mean opened")
	a := d.one(LowMean)
	equal(t, "weight", a.Weight, 5)
	equal(t, "segment", a.Segment, "gold")
	equal(t, "service", a.Service, "document_review")
	equal(t, "severity of 0.3 below, times 5", a.Severity, Major)
}

func TestAReasonThatHadGoneForAWhileBeganWithTheRatingThatBroughtItBack(t *testing.T) {
	d := newDesk(t, nil)
	d.rate("h-1", 360, 28*longDay+10*time.Minute) // leaves the window between the two fresh ones
	d.rate("h-2", 340, 27*longDay)
	d.rate("r-1", 345, 20*time.Minute)
	d.rate("r-2", 345, time.Minute)
	d.decides("low_rating opened", "low_mean opened")
	equal(t, "id", d.one(LowMean).ID, ID(LowMean, Subject{Customer, "c-1"}, "r-2"))
}
