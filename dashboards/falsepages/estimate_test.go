package falsepages

import (
	"math"
	"testing"
)

func TestTheMeanHasThePoissonInterval(t *testing.T) {
	// Exact limits of 0, 1, 10 and 100 events: Breslow and Day (1987), table 2.11. Byar's approximation is within 2 %, for
	// the lower limit of one event within 0.02 events.
	for _, c := range []struct {
		events    int
		low, high float64
	}{{0, 0, 3.689}, {1, 0.0253, 5.572}, {10, 4.795, 18.390}, {100, 81.364, 121.627}} {
		runs := make([]int, 1000)
		for i := range c.events {
			runs[i] = 1
		}
		got := mean(runs)
		if math.Abs(got.Value-float64(c.events)/1000) > 1e-12 || math.Abs(got.Low*1000-c.low) > 0.01*c.low+0.02 || math.Abs(got.High*1000-c.high) > 0.02*c.high {
			t.Errorf("%d events in 1000 runs: %+v, want %v to %v thousandths", c.events, got, c.low, c.high)
		}
	}
}

func TestClusteredAlertsWidenTheInterval(t *testing.T) {
	spread, cluster := make([]int, 1000), make([]int, 1000)
	for i := range 100 {
		spread[i] = 1
	}
	for i := range 10 {
		cluster[i] = 10
	}
	if a, b := mean(spread), mean(cluster); a.Value != b.Value || b.High-b.Low < 2.5*(a.High-a.Low) {
		t.Errorf("ten alerts in each of ten runs give %+v, one in each of a hundred %+v", b, a)
	}
}

func TestTheMedianDelayIsOfAllRuns(t *testing.T) {
	for _, c := range []struct {
		name  string
		panes []int
		want  Delay
	}{
		{"all found", ramp(101, 101), Delay{Estimate{51.0 / 12, 41.0 / 12, 61.0 / 12}, 1}},
		{"the upper limit is beyond the week", ramp(101, 55), Delay{Estimate{51.0 / 12, 41.0 / 12, beyond}, 55.0 / 101}},
		{"most not found", ramp(101, 30), Delay{Estimate{beyond, beyond, beyond}, 30.0 / 101}},
		{"none found", ramp(101, 0), Delay{Estimate{beyond, beyond, beyond}, 0}},
	} {
		if got := delay(c.panes); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// ramp is 1 … found panes, and then runs that never found it.
func ramp(runs, found int) []int {
	panes := make([]int, runs)
	for i := range panes {
		panes[i] = i + 1
		if i >= found {
			panes[i] = never
		}
	}
	return panes
}
