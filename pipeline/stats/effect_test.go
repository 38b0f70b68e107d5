package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWhatHappenedToAllIsNoEffect(t *testing.T) {
	e, ok := DifferenceInDifferences(Part{Count{80, 100}, Count{180, 200}}, Part{Count{160, 200}, Count{90, 100}})
	if !ok {
		t.Fatal("no effect")
	}
	near(t, "the difference", e.Difference, 0, 1e-15)
	near(t, "its standard error", e.SE, math.Sqrt(0.16/100+0.09/200+0.16/200+0.09/100), 1e-15)
}

func TestAnEffectIsFoundAndNoneIsNot(t *testing.T) {
	const rounds, n = 2000, 1200
	r := rand.New(rand.NewPCG(16, 17))
	cell := func(share float64) Count { return Count{binomial(r, n, share), n} }
	for _, c := range []struct{ effect, least, most float64 }{{0, 0, 0.035}, {0.06, 0.80, 1}} {
		improved := 0
		for range rounds {
			e, _ := DifferenceInDifferences(Part{cell(0.85), cell(0.87 + c.effect)}, Part{cell(0.85), cell(0.87)})
			if e.Low > 0 {
				improved++
			}
		}
		if share := float64(improved) / rounds; share < c.least || share > c.most {
			t.Errorf("an effect of %v is found in %v of the rounds", c.effect, share)
		}
	}
}

func TestAnEmptyCellHasNoEffect(t *testing.T) {
	full := Part{Count{1, 2}, Count{1, 2}}
	for _, p := range []Part{{Count{}, Count{1, 2}}, {Count{1, 2}, Count{}}} {
		if _, ok := DifferenceInDifferences(p, full); ok {
			t.Errorf("%+v treated", p)
		}
		if _, ok := DifferenceInDifferences(full, p); ok {
			t.Errorf("%+v left alone", p)
		}
	}
}
