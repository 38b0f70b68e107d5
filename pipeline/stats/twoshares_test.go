package stats

import (
	"math/rand/v2"
	"testing"
)

func TestTwoSharesGiveThePublishedStatistic(t *testing.T) {
	got, ok := TwoShares(5, 83, 12, 99) // oracle 6
	if !ok {
		t.Fatal("not tested")
	}
	near(t, "z", got.Z, -1.4078304151258787, 1e-13)
	near(t, "p", got.P, 0.15918129181156992, 1e-13)
}

func TestTwoSharesNeedSomethingToCompare(t *testing.T) {
	for _, c := range [][4]int64{{0, 0, 1, 2}, {1, 2, 0, 0}, {0, 5, 0, 5}, {5, 5, 6, 6}} {
		if got, ok := TwoShares(c[0], c[1], c[2], c[3]); ok {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func TestTheRatingsNeededAreThoseOfTheTable(t *testing.T) {
	for _, c := range []struct {
		from, to float64
		want     int64
	}{{0.85, 0.95, 141}, {0.90, 0.95, 435}, {0.93, 0.95, 2213}} {
		if got := RatingsPerGroup(c.from, c.to, 0.8); got != c.want {
			t.Errorf("from %v to %v: %d, want %d", c.from, c.to, got, c.want)
		}
	}
	if got := RatingsPerGroup(0.9, 0.9, 0.8); got != 0 {
		t.Errorf("no difference needs %d", got)
	}
}

func TestTheRatingsNeededHaveThePower(t *testing.T) {
	const rounds = 2000
	r := rand.New(rand.NewPCG(1, 2))
	n, found := RatingsPerGroup(0.90, 0.95, 0.8), 0
	for range rounds {
		if test, ok := TwoShares(binomial(r, n, 0.95), n, binomial(r, n, 0.90), n); ok && test.P < 0.05 {
			found++
		}
	}
	if share := float64(found) / rounds; share < 0.77 || share > 0.83 {
		t.Errorf("the difference is found in %v of the rounds, want 0.8", share)
	}
}

func TestTheRatingsNeededPerCellHaveThePower(t *testing.T) {
	const rounds = 1000
	r := rand.New(rand.NewPCG(3, 4))
	n, found := RatingsPerCell(0.90, 0.95, 0.8), 0
	cell := func(share float64) Count { return Count{binomial(r, n, share), n} }
	for range rounds {
		e, ok := DifferenceInDifferences(Part{cell(0.90), cell(0.95)}, Part{cell(0.90), cell(0.90)})
		if ok && (e.Low > 0 || e.High < 0) {
			found++
		}
	}
	if share := float64(found) / rounds; share < 0.76 || share > 0.84 {
		t.Errorf("the effect is found in %v of the rounds with %d ratings a cell, want 0.8", share, n)
	}
	if got := RatingsPerCell(0.9, 0.9, 0.8); got != 0 {
		t.Errorf("no difference needs %d", got)
	}
}

// binomial draws how many of n come true, each with probability p.
func binomial(r *rand.Rand, n int64, p float64) (k int64) {
	for range n {
		if r.Float64() < p {
			k++
		}
	}
	return k
}
