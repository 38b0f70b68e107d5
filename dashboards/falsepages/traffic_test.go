package falsepages

import (
	"math"
	"testing"
)

func TestTrafficHasItsRateAndShares(t *testing.T) {
	const days = 200
	for _, tr := range []Traffic{
		{PerDay: 50, Bad: 0.05}, {PerDay: 5000, Bad: 0.04},
		{PerDay: 1000, Bad: 0.04, Spread: 0.5},
		{PerDay: 1000, Bad: 0.04, DropTo: 0.3, DropAt: days / 2 * stepsPerDay},
	} {
		c := newCounts(days * stepsPerDay)
		tr.draw(c, source(1))
		n, bad := c.in(c.panes()-1, c.panes())
		if want := tr.PerDay * days; math.Abs(float64(n)-want) > 5*math.Sqrt(want) {
			t.Errorf("%+v: %d ratings in %d days, want about %v", tr, n, days, want)
		}
		want := tr.Bad
		if tr.DropAt > 0 {
			want = (tr.Bad + tr.DropTo) / 2
		}
		// Days that differ leave the mean over 200 days uncertain by 0.5·√(1/200) of itself.
		if got, sd := float64(bad)/float64(n), math.Sqrt(want*(1-want)/float64(n))+tr.Spread*want/math.Sqrt(days); math.Abs(got-want) > 4*sd {
			t.Errorf("%+v: %.4f are bad, want about %.4f", tr, got, want)
		}
	}
}

func TestNightsAreQuiet(t *testing.T) {
	day := Traffic{PerDay: 5000}.arrivals()
	if night, noon := len(day[2*12]), len(day[14*12]); night*3 > noon {
		t.Errorf("a pane at night has up to %d ratings, one in the afternoon up to %d: want far fewer", night, noon)
	}
}

func TestAWindowCountsTheLastPanes(t *testing.T) {
	c := counts{ratings: []int32{0, 1, 3, 6, 10}, bad: []int32{0, 0, 1, 1, 2}}
	for _, w := range []struct{ t, n, ratings, bad int }{{3, 1, 4, 1}, {3, 2, 7, 1}, {1, 2, 3, 1}, {3, 100, 10, 2}} {
		if n, bad := c.in(w.t, w.n); int(n) != w.ratings || int(bad) != w.bad {
			t.Errorf("%d panes until %d: %d ratings, %d bad, want %d and %d", w.n, w.t, n, bad, w.ratings, w.bad)
		}
	}
}
