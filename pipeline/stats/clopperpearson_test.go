package stats

import "testing"

func TestTheExactIntervalGivesThePublishedBounds(t *testing.T) {
	i := ClopperPearson(51, 235, 0.95) // oracle 4
	near(t, "the lower bound", i.Low, 0.1660633298, 5e-11)
	near(t, "the upper bound", i.High, 0.2752683640, 5e-11)
}

func TestJeffreysGivesThePublishedBounds(t *testing.T) {
	i := Jeffreys(18, 20, 0.95) // oracle 5
	near(t, "the lower bound", i.Low, 0.716146742695748, 1e-12)
	near(t, "the upper bound", i.High, 0.97862751197755, 1e-12)
}

func TestBetaIntervalsEndWhereNoneOrAllWereSeen(t *testing.T) {
	for name, f := range map[string]func(k, n int64, confidence float64) Interval{"exact": ClopperPearson, "Jeffreys": Jeffreys} {
		if i := f(0, 0, 0.95); i != (Interval{0, 1}) {
			t.Errorf("%s of nothing: %v", name, i)
		}
		if i := f(0, 30, 0.95); i.Low != 0 || i.High <= 0 || i.High >= 1 {
			t.Errorf("%s of none of 30: %v", name, i)
		}
		if i := f(30, 30, 0.95); i.High != 1 || i.Low <= 0 || i.Low >= 1 {
			t.Errorf("%s of all of 30: %v", name, i)
		}
	}
}

func TestTheExactIntervalHoldsWilsons(t *testing.T) {
	for k := int64(5); k <= 95; k += 5 { // away from the ends, where Wilson's can lie outside
		exact, score := ClopperPearson(k, 100, 0.95), Wilson(k, 100, Z95)
		if exact.High-exact.Low <= score.High-score.Low {
			t.Errorf("%d of 100: exact %v is no wider than %v", k, exact, score)
		}
	}
}
