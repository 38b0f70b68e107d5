package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Trend is a Mann–Kendall test: S counts the pairs of values that rise less those that fall.
type Trend struct {
	S        int64
	Variance float64 // of S when there is no trend, corrected for ties
	Test
}

// MannKendall tests whether the values, in order of time and independent of each other (so of periods that do not
// overlap, never of rolling windows), rise or fall monotonously; false for fewer than three or all equal ones.
//
// Source: H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945), 245–259; M. G. Kendall, Rank Correlation
// Methods (Griffin, 1975); Z with the continuity correction.
func MannKendall(values []float64) (Trend, bool) {
	var t Trend
	for i, v := range values {
		for _, later := range values[i+1:] {
			t.S += int64(cmp.Compare(later, v))
		}
	}
	t.Variance = (kendallTerm(len(values)) - tieTerms(values)) / 18
	if len(values) < 3 || t.Variance <= 0 {
		return Trend{}, false
	}
	z := float64(t.S - sign(t.S))
	t.Test = normalTest(z / math.Sqrt(t.Variance))
	return t, true
}

func sign(x int64) int64 { return int64(cmp.Compare(x, 0)) }

// kendallTerm is n(n−1)(2n+5).
func kendallTerm(n int) float64 { return float64(n) * float64(n-1) * float64(2*n+5) }

// tieTerms adds up the terms of the groups of equal values.
func tieTerms(values []float64) (total float64) {
	sorted := slices.Sorted(slices.Values(values))
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n] == sorted[0] {
			n++
		}
		total += kendallTerm(n)
		sorted = sorted[n:]
	}
	return total
}

// Slope is a change per unit of x, with the interval of 95 %.
type Slope struct {
	PerUnit float64
	Interval
}

// TheilSen returns the median of the slopes between all pairs of points, which outliers do not move; false without two
// different x.
//
// Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968), 1379–1389; the interval
// is his, with the variance corrected for ties in either coordinate.
func TheilSen(x, y []float64) (Slope, bool) {
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	if len(slopes) == 0 {
		return Slope{}, false
	}
	slices.Sort(slopes)
	n := len(slopes)
	sigma := math.Sqrt(max(0, kendallTerm(len(y))-tieTerms(x)-tieTerms(y)) / 18)
	half := distuv.UnitNormal.Quantile(0.975) * sigma
	high := min(int(math.Round((float64(n)+half)/2)), n-1)
	low := max(int(math.Round((float64(n)-half)/2))-1, 0)
	return Slope{median(slopes), Interval{slopes[low], slopes[high]}}, true
}

// median returns the middle of the sorted values, which are not none.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
