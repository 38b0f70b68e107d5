package stats

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestTheDiscoveriesAreThoseOfThePaper(t *testing.T) {
	// Benjamini and Hochberg (1995), section 4.1: 15 hypotheses, four found at 5 %.
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	for i, found := range Discoveries(p, 0.05) {
		if found != (p[i] <= 0.0095) {
			t.Errorf("p = %v: found is %v", p[i], found)
		}
	}
	if got := Discoveries(nil, 0.1); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if got := Discoveries([]float64{0.04, 0.045, 0.05}, 0.05); !slices.Equal(got, []bool{true, true, true}) {
		t.Errorf("the largest that passes takes the smaller ones with it: %v", got)
	}
}

func TestFewDiscoveriesAreFalse(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	const rounds, groups, real = 400, 100, 10
	share := 0.0
	for range rounds {
		p := make([]float64, groups)
		for i := range p {
			z := r.NormFloat64()
			if i < real {
				z += 3.5
			}
			p[i] = 2 * distuv.UnitNormal.Survival(max(z, -z))
		}
		wrong, all := 0.0, 0.0
		for i, found := range Discoveries(p, 0.10) {
			if found {
				if all++; i >= real {
					wrong++
				}
			}
		}
		share += wrong / max(1, all) / rounds
	}
	if share > 0.10 {
		t.Errorf("%v of the discoveries are false", share)
	}
}
