package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTheMovingAverageIsThePublishedOne(t *testing.T) { // oracle 11
	e := NewEWMA([]float64{52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1},
		0.3, 50, 2.0539)
	want := []float64{50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99}
	for i := range want {
		near(t, "a value", e.Values[i], want[i], 0.0051)
	}
	near(t, "the lower limit", e.Limits.Low, 47.4115, 1e-4)
	near(t, "the upper limit", e.Limits.High, 52.5884, 1e-4)
}

func TestTheChartOfSharesIsThePublishedOne(t *testing.T) { // oracle 12
	var periods []Count
	for _, k := range []int64{12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6} {
		periods = append(periods, Count{k, 50})
	}
	c, ok := NewPChart(periods, false)
	if !ok || !slices.Equal(c.Out, []int{14, 22}) {
		t.Fatalf("got %+v, %v", c, ok)
	}
	near(t, "the center", c.Center, 0.23133, 5e-6)
	near(t, "the lower limit", c.Limits[0].Low, 0.05243, 5e-6)
	near(t, "the upper limit", c.Limits[0].High, 0.41024, 5e-6)
}

func TestOverdispersedSharesAreNotAllSpecial(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var periods []Count
	for range 60 { // a share that wanders by some points from day to day, and large n
		periods = append(periods, Count{binomial(r, 5000, 0.9+0.02*r.NormFloat64()), 5000})
	}
	plain, _ := NewPChart(periods, false)
	wide, _ := NewPChart(periods, true)
	if len(plain.Out) < 10 || len(wide.Out) > 2 || wide.Sigma < 3 {
		t.Errorf("plain %d out, widened by %v %d out", len(plain.Out), wide.Sigma, len(wide.Out))
	}
}

func TestAPeriodWithoutRatingsIsNeverOut(t *testing.T) {
	c, ok := NewPChart([]Count{{9, 10}, {0, 0}, {10, 10}}, true)
	if !ok || len(c.Out) != 0 || c.Limits[1] != (Interval{0, 1}) {
		t.Errorf("got %+v, %v", c, ok)
	}
	if c, ok := NewPChart([]Count{{0, 0}}, false); ok {
		t.Errorf("nothing: %+v", c)
	}
}
