package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// customers draws clusters whose ratings go together: each customer has a probability of his own, from a beta
// distribution with the mean share and the intraclass correlation icc, and rates m times.
func customers(r *rand.Rand, n, m int, share, icc float64) []Count {
	size := (1 - icc) / icc
	own := distuv.Beta{Alpha: share * size, Beta: (1 - share) * size, Src: r}
	counts := make([]Count, n)
	for i := range counts {
		counts[i] = Count{binomial(r, int64(m), own.Rand()), int64(m)}
	}
	return counts
}

func TestTheIntervalCoversTheTruthWhenCustomersRateOften(t *testing.T) {
	const rounds, share = 3000, 0.9
	r := rand.New(rand.NewPCG(10, 11))
	clustered, plain := 0, 0
	for range rounds {
		counts := customers(r, 200, 5, share, 0.3)
		c, ok := Clustered(counts, Z95)
		if !ok {
			t.Fatal("no share")
		}
		var all Count
		for _, x := range counts {
			all.K, all.N = all.K+x.K, all.N+x.N
		}
		w := Wilson(all.K, all.N, Z95)
		if c.Low <= share && share <= c.High {
			clustered++
		}
		if w.Low <= share && share <= w.High {
			plain++
		}
	}
	if got := float64(clustered) / rounds; got < 0.93 || got > 0.97 {
		t.Errorf("the interval covers the truth in %v of the rounds, want 0.93–0.97", got)
	}
	if got := float64(plain) / rounds; got > 0.88 {
		t.Errorf("the plain interval covers it in %v: these customers show nothing", got)
	}
}

func TestTheEffectiveNumberIsKishs(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 13))
	c, _ := Clustered(customers(r, 40_000, 5, 0.9, 0.3), Z95)
	want := 200_000 / (1 + 4*0.3) // n over the design effect
	if math.Abs(c.Effective-want) > 0.04*want {
		t.Errorf("the effective number is %v, want about %v", c.Effective, want)
	}
}

func TestSingleRatingsGiveWilsonsInterval(t *testing.T) {
	var counts []Count
	for i := range int64(1000) {
		counts = append(counts, Count{min(1, i%10), 1})
	}
	c, _ := Clustered(counts, Z95)
	w := Wilson(900, 1000, Z95)
	near(t, "the lower bound", c.Low, w.Low, 1e-4)
	near(t, "the upper bound", c.High, w.High, 1e-4)
	near(t, "the share by customer", c.PerCluster, 0.9, 1e-12)
}

func TestACustomerWhoRatesOftenCountsOnceBesideIt(t *testing.T) {
	c, ok := Clustered([]Count{{0, 98}, {1, 1}, {1, 1}, {0, 0}}, Z95)
	if !ok || c.Clusters != 3 {
		t.Fatalf("got %+v, %v", c, ok)
	}
	near(t, "the share", c.Share, 0.02, 1e-12)
	near(t, "the share by customer", c.PerCluster, 2.0/3, 1e-12)
	if c.Effective > 30 {
		t.Errorf("three customers are worth %v ratings", c.Effective)
	}
}

func TestAgreementIsWorthAsManyRatingsAsCustomers(t *testing.T) {
	c, _ := Clustered([]Count{{5, 5}, {5, 5}, {5, 5}}, Z95)
	if c.Effective != 3 || c.High != 1 {
		t.Errorf("got %+v", c)
	}
	if c, ok := Clustered([]Count{{5, 5}}, Z95); ok {
		t.Errorf("one customer: %+v", c)
	}
}
