package stats

import (
	"math"
	"testing"
)

const target = 0.95

func TestTheVerdictTurnsWhereTheTableSays(t *testing.T) {
	const never = -1
	for _, c := range []struct{ n, below, met int64 }{
		{20, 17, never}, {50, 44, never}, {100, 91, 99}, {200, 184, 196}, {500, 466, 484}, {1000, 938, 962}, {5000, 4724, 4776},
	} {
		for k := range c.n + 1 {
			want := Undetermined
			if k <= c.below {
				want = Below
			}
			if c.met != never && k >= c.met {
				want = Met
			}
			if got := Judge(k, c.n, target).Verdict; got != want {
				t.Errorf("%d of %d is %v, want %v", k, c.n, got, want)
			}
		}
	}
}

func TestWithoutRatingsThereIsNoData(t *testing.T) {
	if got := Judge(0, 0, target); got != (Judgment{}) || got.Verdict.String() != "no_data" {
		t.Errorf("got %+v", got)
	}
}

func TestADecidedVerdictNeedsNoMore(t *testing.T) {
	for _, k := range []int64{91, 99} {
		if got := Judge(k, 100, target); got.AllSatisfied != 0 || got.AtPresentShare != 0 {
			t.Errorf("%d of 100: %+v", k, got)
		}
	}
}

func TestTheFewestSatisfiedRatingsThatDecideAreSaid(t *testing.T) {
	for n := int64(1); n <= 400; n++ {
		for k := range n + 1 {
			j := Judge(k, n, target)
			if j.Verdict != Undetermined {
				continue
			}
			m := int64(1)
			for byScore(k+m, n+m) != Met {
				m++
			}
			if j.AllSatisfied != m {
				t.Fatalf("%d of %d: %d more satisfied ones are said to decide, counting gives %d", k, n, j.AllSatisfied, m)
			}
		}
	}
}

// byScore decides by the score test, which needs none of the bounds.
func byScore(k, n int64) Verdict {
	score := (float64(k)/float64(n) - target) / math.Sqrt(target*(1-target)/float64(n))
	switch {
	case score >= Z95OneSided:
		return Met
	case score < -Z95OneSided:
		return Below
	}
	return Undetermined
}

func TestTheNumberAtThePresentShareDecides(t *testing.T) {
	for _, c := range []struct{ k, n, want int64 }{ // z²·t(1−t) is 0.1285361875
		{93, 100, 222},             // 0.1285…/0.02² = 321.3, so 322 in all
		{97, 100, 222},             // as far from the target on the other side
		{95, 100, 0},               // just the target: nothing decides
		{9499, 10_000, 12_843_619}, // 0.1285…/0.0001² = 12,853,618.75
		{9501, 10_000, 12_843_619},
	} {
		if got := Judge(c.k, c.n, target).AtPresentShare; math.Abs(float64(got-c.want)) > 1 || (got == 0) != (c.want == 0) {
			t.Errorf("%d of %d: %d more, want %d", c.k, c.n, got, c.want)
		}
	}
}

func TestOtherTargetsAreJudgedToo(t *testing.T) {
	for _, share := range []float64{0.5, 0.8, 0.99, 0.999} {
		j := Judge(1, 1, share)
		if j.Verdict != Undetermined || verdict(1+j.AllSatisfied, 1+j.AllSatisfied, share) != Met {
			t.Errorf("target %v: %+v", share, j)
		}
	}
}
