package falsepages

import (
	"math"
	"slices"

	"satisflow/pipeline/stats"
)

// Estimate is a figure with its 95 % interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// mean estimates how often something happens per run. Alerts come in clusters, so the Poisson interval is widened by the
// dispersion, if that is above 1.
//
// Source: Byar's approximation of the Poisson interval, N. E. Breslow and N. E. Day, Statistical Methods in Cancer
// Research II (1987), p. 69; quasi-Poisson dispersion, P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), §6.2.
func mean(events []int) Estimate {
	runs, sum, squares := float64(len(events)), 0.0, 0.0
	for _, e := range events {
		sum += float64(e)
		squares += float64(e) * float64(e)
	}
	dispersion := 1.0
	if sum > 0 {
		dispersion = max(1, (squares-sum*sum/runs)/(runs-1)/(sum/runs))
	}
	k := sum / dispersion
	low := 0.0
	if k > 0 {
		low = k * math.Pow(max(1-1/(9*k)-stats.Z95/(3*math.Sqrt(k)), 0), 3)
	}
	high := (k + 1) * math.Pow(1-1/(9*(k+1))+stats.Z95/(3*math.Sqrt(k+1)), 3)
	return Estimate{sum / runs, low * dispersion / runs, high * dispersion / runs}
}

// Delay is the median time to an alert, hours, over all runs, and the share of runs that had one within a week.
type Delay struct {
	Median Estimate `json:"median"` // beyond where it is more than a week
	Found  float64  `json:"found"`
}

// beyond stands for a time of more than a week.
const beyond = -1

// delay estimates the median by order statistics.
//
// Source: W. J. Conover, Practical Nonparametric Statistics (1999), section 3.2: ranks n/2 ∓ z√n/2.
func delay(panes []int) Delay {
	var found []float64
	for _, p := range panes {
		if p != never {
			found = append(found, float64(p)*step.Hours())
		}
	}
	slices.Sort(found)
	n := float64(len(panes))
	at := func(rank float64) float64 {
		if i := int(min(max(math.Round(rank), 1), n)) - 1; i < len(found) {
			return found[i]
		}
		return beyond
	}
	half := stats.Z95 * math.Sqrt(n) / 2
	return Delay{Estimate{at((n + 1) / 2), at(n/2 - half), at(1 + n/2 + half)}, float64(len(found)) / n}
}
