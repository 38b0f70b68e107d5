package alert

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

// sumsOf adds up what counts, as the database does.
func (r *Rules) sumsOf(ratings map[string]Rating) Sums {
	s := Sums{}
	for _, x := range ratings {
		if !x.scored() {
			continue
		}
		n := x.OccurredAt.UnixMilli() / r.BucketLength().Milliseconds()
		if s[n] == nil {
			s[n] = &Bucket{}
		}
		if x.Rating >= r.satisfied {
			s[n].Satisfied++
		} else {
			s[n].Others++
		}
		s[n].Above += int64(max(0, x.Rating-r.threshold))
		s[n].Below += int64(max(0, r.threshold-x.Rating))
	}
	return s
}

// What the sums rule out never holds, whatever was stored since they were read: new ratings, corrections, erasures,
// repetitions. And they rule out most, else each rating would cost a look at all of its customer.
func TestSumsNeverRuleOutWhatHolds(t *testing.T) {
	c := DefaultConfig()
	c.FallRatings = 3
	rules := must(NewRules(c, 350, 400))
	random := rand.New(rand.NewSource(1))
	ruledOut, held, heldAfter := 0, map[Rule]int{}, 0
	for range 20_000 {
		ratings := map[string]Rating{}
		mood := moods[random.Intn(len(moods))]
		put := func(id string, at time.Time) {
			x, known := ratings[id]
			if !known {
				x = Rating{RatingID: id, OccurredAt: at}
			}
			x.Rating, x.Counts = mood[random.Intn(len(mood))], random.Intn(12) > 0
			ratings[id] = x
		}
		ago := func() time.Time { return noon.Add(-time.Duration(random.Int63n(int64(58 * 24 * hour)))) }
		for i := range random.Intn(60) {
			put(fmt.Sprint(i), ago())
		}
		sums := rules.sumsOf(ratings)
		mood = moods[random.Intn(len(moods))]
		now := noon.Add(time.Duration(random.Intn(48)) * hour)
		since := random.Intn(12)
		for i := range since {
			id := fmt.Sprint(random.Intn(70))
			put(id, now.Add(-time.Duration(i)*time.Minute))
			x := ratings[id]
			rules.Stored(sums, &x)
		}
		var all []Rating
		for _, x := range ratings {
			all = append(all, x)
		}
		sum := rules.tally(all, now)
		mean, fall := rules.lowMean(&sum), rules.falling(&sum)
		if mean.holds {
			held[LowMean]++
		}
		if fall.holds {
			held[Falling]++
		}
		switch may := rules.MayHold(sums, now); {
		case !may && (mean.holds || fall.holds):
			t.Fatalf("ruled out: mean %+v, fall %+v", mean, fall)
		case !may:
			ruledOut++
		case since > 0 && (mean.holds || fall.holds):
			heldAfter++
		}
	}
	if ruledOut < 1000 || held[LowMean] < 100 || held[Falling] < 50 || heldAfter < 100 {
		t.Errorf("%d ruled out, %v held, %d of them with versions stored since: nothing is shown", ruledOut, held, heldAfter)
	}
}

func TestACustomerWhoIsContentIsReadRarely(t *testing.T) {
	rules := must(NewRules(DefaultConfig(), 350, 400))
	ratings, sums, reads := map[string]Rating{}, Sums{}, 0
	for i := range 10_000 {
		x := Rating{RatingID: fmt.Sprint(i), OccurredAt: noon.Add(time.Duration(i) * time.Second), Rating: 450, Counts: true}
		if i%20 == 0 {
			x.Rating = 300
		}
		ratings[x.RatingID] = x
		rules.Stored(sums, &x)
		if rules.MayHold(sums, x.OccurredAt) {
			reads++
			sums = rules.sumsOf(ratings)
		}
	}
	if reads > 40 {
		t.Errorf("all ratings were read %d times for 10,000 of them, want about 20", reads)
	}
}

// Each bound of a share is needed: a fall that only it lets through.
func TestAFallThatComesFromLateRatingsAndErasuresIsNotRuledOut(t *testing.T) {
	const now, before = 10 * 24 * time.Hour, 40 * 24 * time.Hour
	type change struct {
		ago    time.Duration
		n      int
		rating int32 // 0 erases some that were satisfied, -1 some that were not
	}
	for name, c := range map[string]struct {
		had    [4]int // satisfied and not in the window, and in the one before
		change change
	}{
		"late ones raise the share before":   {[4]int{20, 20, 20, 20}, change{before, 200, 500}},
		"erasures lower the share":           {[4]int{40, 12, 40, 5}, change{now, 30, 0}},
		"erasures raise the share before":    {[4]int{20, 20, 60, 50}, change{before, 50, -1}},
		"unsatisfied ones lower the share":   {[4]int{400, 20, 400, 20}, change{now, 120, 360}},
		"late ones make the time before one": {[4]int{20, 20, 0, 0}, change{before, 30, 500}},
	} {
		t.Run(name, func(t *testing.T) {
			rules := must(NewRules(DefaultConfig(), 350, 400))
			ratings := map[string]Rating{}
			add := func(kind string, n int, score int32, ago time.Duration) {
				for i := range n {
					id := fmt.Sprint(kind, i)
					ratings[id] = Rating{RatingID: id, OccurredAt: noon.Add(-ago), Rating: score, Counts: true}
				}
			}
			add("now", c.had[0], 500, now)
			add("now-low", c.had[1], 360, now)
			add("before", c.had[2], 500, before)
			add("before-low", c.had[3], 360, before)
			sums := rules.sumsOf(ratings)
			kind := map[time.Duration]string{now: "now", before: "before"}[c.change.ago]
			switch {
			case c.change.rating > 0:
				kind = "new"
				add(kind, c.change.n, c.change.rating, c.change.ago)
			case c.change.rating < 0:
				kind += "-low"
			}
			for i := range c.change.n {
				x := ratings[fmt.Sprint(kind, i)]
				x.Counts = c.change.rating > 0
				ratings[x.RatingID] = x
				rules.Stored(sums, &x)
			}
			var all []Rating
			for _, x := range ratings {
				all = append(all, x)
			}
			sum := rules.tally(all, noon)
			if f := rules.falling(&sum); !f.holds {
				t.Fatalf("the case is none: %+v", f)
			}
			if !rules.MayHold(sums, noon) {
				t.Error("ruled out")
			}
		})
	}
}
