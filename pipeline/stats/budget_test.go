package stats

import "testing"

func TestTheBurnIsTheShareNotSatisfiedOverTheShareAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		k, n                     int64
		allowed, burn, remaining float64
		spent                    int64
	}{
		"nothing is spent":           {200, 200, 10, 0, 1, 0},
		"half is spent":              {195, 200, 10, 0.5, 0.5, 5},
		"all is spent at the target": {190, 200, 10, 1, 0, 10},
		"overspent":                  {180, 200, 10, 2, -1, 20},
		"twenty is the most":         {0, 200, 10, 20, -19, 200},
	} {
		t.Run(name, func(t *testing.T) {
			b, ok := ErrorBudget(c.k, c.n, target)
			if !ok || b.Spent != c.spent {
				t.Errorf("got %+v, %v", b, ok)
			}
			near(t, "what is allowed", b.Allowed, c.allowed, 1e-12)
			near(t, "the burn", b.Burn, c.burn, 1e-12)
			near(t, "the rest", b.Remaining(), c.remaining, 1e-12)
		})
	}
}

func TestThereIsNoBudgetWithoutRatings(t *testing.T) {
	if b, ok := ErrorBudget(0, 0, target); ok {
		t.Errorf("got %+v", b)
	}
}
