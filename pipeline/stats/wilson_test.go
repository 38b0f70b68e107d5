package stats

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.15f, want %.15f ± %g", what, got, want, tolerance)
	}
}

func TestWilsonGivesThePublishedBounds(t *testing.T) {
	for name, c := range map[string]struct {
		k, n      int64
		low, high float64
		tolerance float64
	}{
		"190 of 200 (oracle 1)": {190, 200, 0.910421851861224, 0.972617354399236, 5e-16},
		"18 of 20 (oracle 2)":   {18, 20, 0.698966, 0.972134, 5e-7},
		"29 of 30 (oracle 2)":   {29, 30, 0.833296, 0.994091, 5e-7},
		"30 of 30 (oracle 2)":   {30, 30, 0.886487, 1, 5e-7},
		"0 of 30 (oracle 2)":    {0, 30, 0, 0.113513, 5e-7},
		"19 of 38 (oracle 3)":   {19, 38, 0.348499283643951, 0.651500716356049, 5e-16},
	} {
		t.Run(name, func(t *testing.T) {
			i := Wilson(c.k, c.n, Z95)
			near(t, "the lower bound", i.Low, c.low, c.tolerance)
			near(t, "the upper bound", i.High, c.high, c.tolerance)
		})
	}
}

func TestWilsonOfNothingIsEverything(t *testing.T) {
	if i := Wilson(0, 0, Z95); i != (Interval{0, 1}) {
		t.Errorf("got %v", i)
	}
}

func TestTheEndsOfTheScaleAreExact(t *testing.T) {
	for n := int64(1); n < 3000; n++ {
		if i := Wilson(n, n, Z95); i.High != 1 || i.Low <= 0 || i.Low >= 1 {
			t.Fatalf("%d of %d: %v", n, n, i)
		}
		if i := Wilson(0, n, Z95); i.Low != 0 || i.High <= 0 || i.High >= 1 {
			t.Fatalf("0 of %d: %v", n, i)
		}
	}
}
