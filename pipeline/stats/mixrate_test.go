package stats

import (
	"math/rand/v2"
	"testing"
)

func TestAChangeIsSplitIntoMixAndRate(t *testing.T) {
	for name, c := range map[string]struct {
		parts     []Part
		mix, rate float64
	}{
		"only the shares fell":           {[]Part{{Count{90, 100}, Count{80, 100}}, {Count{50, 100}, Count{40, 100}}}, 0, -0.1},
		"only the mix changed":           {[]Part{{Count{90, 100}, Count{45, 50}}, {Count{50, 100}, Count{75, 150}}}, -0.1, 0},
		"a group appears, as the others": {[]Part{{Count{90, 100}, Count{90, 100}}, {Count{}, Count{9, 10}}}, 0, 0},
		"a worse group appears":          {[]Part{{Count{90, 100}, Count{90, 100}}, {Count{}, Count{0, 100}}}, -0.45, 0},
		"one without any ratings":        {[]Part{{Count{90, 100}, Count{80, 100}}, {}}, 0, -0.1},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := Decompose(c.parts)
			if !ok {
				t.Fatal("not split")
			}
			near(t, "the mix", total(m.Mix), c.mix, 1e-15)
			near(t, "the rate", total(m.Rate), c.rate, 1e-15)
			near(t, "all", m.Total, c.mix+c.rate, 1e-15)
		})
	}
}

func total(values []float64) (t float64) {
	for _, v := range values {
		t += v
	}
	return t
}

func TestMixAndRateAddUpToTheChange(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 15))
	for range 500 {
		parts := make([]Part, 1+r.IntN(30))
		for i := range parts {
			n, m := r.Int64N(1000), r.Int64N(1000)
			parts[i] = Part{Count{r.Int64N(n + 1), n}, Count{r.Int64N(m + 1), m}}
		}
		if m, ok := Decompose(parts); ok {
			near(t, "the sum of the effects", total(m.Mix)+total(m.Rate), m.Total, 1e-14)
		}
	}
}

func TestNothingIsSplitWithoutRatings(t *testing.T) {
	if m, ok := Decompose([]Part{{Count{1, 2}, Count{}}}); ok {
		t.Errorf("got %+v", m)
	}
}
