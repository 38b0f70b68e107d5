package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Test is a test statistic that is standard normal when there is nothing to find, and how often one as far from 0, on
// either side, would come by chance.
type Test struct{ Z, P float64 }

func normalTest(z float64) Test { return Test{z, 2 * distuv.UnitNormal.Survival(math.Abs(z))} }

// TwoShares tests whether k1 of n1 and k2 of n2 are of one share, with the variance of the pooled share; false where either
// side is empty or the pooled share is 0 or 1.
//
// Source: R. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd ed. (Wiley, 2003), 3.2.
func TwoShares(k1, n1, k2, n2 int64) (Test, bool) {
	if n1 <= 0 || n2 <= 0 || k1+k2 == 0 || k1+k2 == n1+n2 {
		return Test{}, false
	}
	m1, m2 := float64(n1), float64(n2)
	pooled := float64(k1+k2) / (m1 + m2)
	se := math.Sqrt(pooled * (1 - pooled) * (1/m1 + 1/m2))
	return normalTest((float64(k1)/m1 - float64(k2)/m2) / se), true
}

// RatingsPerGroup returns how many ratings each of two groups needs for a two-sided test at 5 % to find the difference
// between the shares from and to with the power, 0 < power < 1; 0 where the shares are equal.
//
// Source: Fleiss, Levin, Paik (2003), formula 4.14 without continuity correction, rounded up.
func RatingsPerGroup(from, to, power float64) int64 {
	if from == to {
		return 0
	}
	mean := (from + to) / 2
	a := Z95 * math.Sqrt(2*mean*(1-mean))
	b := distuv.UnitNormal.Quantile(power) * math.Sqrt(from*(1-from)+to*(1-to))
	return int64(math.Ceil((a + b) * (a + b) / ((to - from) * (to - from))))
}

// RatingsPerCell returns how many ratings each of the four cells of a difference in differences needs for a two-sided test at
// 5 % to find that the treated share goes from one to another while the control stays where both began, with the power,
// 0 < power < 1; 0 where the shares are equal.
//
// Source: as RatingsPerGroup, with the variance Σ p(1−p) over the four cells.
func RatingsPerCell(from, to, power float64) int64 {
	if from == to {
		return 0
	}
	z := Z95 + distuv.UnitNormal.Quantile(power)
	variance := 3*from*(1-from) + to*(1-to)
	return int64(math.Ceil(z * z * variance / ((to - from) * (to - from))))
}
