package stats

import "math"

// Quantiles of the normal distribution.
const (
	Z95         = 1.959963984540054 // two-sided 95 %: an interval with 2.5 % on either side
	Z95OneSided = 1.645             // one-sided 95 %: a bound with 5 % beyond it
	Z99         = 2.576             // two-sided 99 %: an interval with 0.5 % on either side
)

// Interval is a range that a share lies in, 0 ≤ Low ≤ High ≤ 1, or the difference of two, −1 ≤ Low ≤ High ≤ 1.
type Interval struct{ Low, High float64 }

// Wilson returns the interval of a share of which k in n were seen, for the quantile z of the normal distribution. Without
// anything seen it is all from 0 to 1.
//
// Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209–212:
// center (p + z²/2n)/(1 + z²/n), half-width z·√(p(1−p)/n + z²/4n²)/(1 + z²/n).
func Wilson(k, n int64, z float64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	i := wilson(float64(k)/float64(n), float64(n), z)
	// At the ends the bound is exact, and rounding must not take a sure 0 or 1 away.
	if k == 0 {
		i.Low = 0
	}
	if k == n {
		i.High = 1
	}
	return i
}

// wilson is the interval of the share p of n ratings, which need not be a whole number.
func wilson(p, n, z float64) Interval {
	z2 := z * z
	scale := 1 + z2/n
	center := (p + z2/(2*n)) / scale
	half := z * math.Sqrt(p*(1-p)/n+z2/(4*n*n)) / scale
	return Interval{max(0, center-half), min(1, center+half)}
}
