package stats

import "testing"

func TestNewcombeGivesThePublishedBounds(t *testing.T) {
	for name, c := range map[string]struct {
		k1, n1, k2, n2 int64
		low, high      float64
	}{
		"56 of 70 against 48 of 80 (oracle 7)":   {56, 70, 48, 80, 0.0524, 0.3339},
		"9 of 10 against 3 of 10 (oracle 8)":     {9, 10, 3, 10, 0.1705, 0.8090},
		"10 of 10 against 0 of 20 (oracle 8)":    {10, 10, 0, 20, 0.6791, 1},
		"84 of 101 against 89 of 105 (oracle 8)": {84, 101, 89, 105, -0.1177, 0.0851},
	} {
		t.Run(name, func(t *testing.T) {
			i := Newcombe(c.k1, c.n1, c.k2, c.n2, Z95)
			near(t, "the lower bound", i.Low, c.low, 5e-5)
			near(t, "the upper bound", i.High, c.high, 5e-5)
			turned := Newcombe(c.k2, c.n2, c.k1, c.n1, Z95)
			near(t, "the lower bound, turned round", turned.Low, -c.high, 5e-5)
			near(t, "the upper bound, turned round", turned.High, -c.low, 5e-5)
		})
	}
}

func TestADifferenceFromNothingIsAnything(t *testing.T) {
	for _, i := range []Interval{Newcombe(0, 0, 3, 4, Z95), Newcombe(3, 4, 0, 0, Z95), Newcombe(0, 0, 0, 0, Z95)} {
		if i != (Interval{-1, 1}) {
			t.Errorf("got %v", i)
		}
	}
}

func TestTheEndsOfADifferenceAreExact(t *testing.T) {
	for n := int64(1); n < 1000; n++ {
		if i := Newcombe(n, n, 0, n, Z99); i.High != 1 || i.Low >= 1 {
			t.Fatalf("all against none of %d: %v", n, i)
		}
		if i := Newcombe(n, n, n, n, Z99); !(i.Low < 0 && i.High > 0) || i.Low != -i.High {
			t.Fatalf("all against all of %d: %v", n, i)
		}
	}
}
