package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTheRunLengthsAreThePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		bad, want, rounds float64
	}{{0.05, 4694, 1500}, {0.10, 167, 4000}, {0.15, 71, 4000}} {
		r := rand.New(rand.NewPCG(7, uint64(c.bad*100)))
		total := 0.0
		for range int(c.rounds) {
			var s CUSUM
			for total++; !s.Add(r.Float64() < c.bad); total++ {
			}
		}
		mean := total / c.rounds
		if math.Abs(mean-c.want) > 0.08*c.want {
			t.Errorf("at %v bad ratings a signal takes %.0f ratings, want about %v", c.bad, mean, c.want)
		}
	}
}

func TestASignalStartsAgain(t *testing.T) {
	var s CUSUM
	for i := range 6 {
		if s.Add(true) {
			t.Fatalf("a signal after %d bad ratings", i+1)
		}
	}
	if s.Sum() != 78 || !s.Add(true) || s.Sum() != 0 {
		t.Errorf("the seventh bad rating in a row must signal and start again: %d", s.Sum())
	}
	s.Add(false)
	if s.Sum() != 0 {
		t.Errorf("below the floor: %d", s.Sum())
	}
}
