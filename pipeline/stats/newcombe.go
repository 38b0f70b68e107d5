package stats

import "math"

// Newcombe returns the interval of the difference k1/n1 − k2/n2 of two independent shares, −1 ≤ Low ≤ High ≤ 1, for the
// quantile z of the normal distribution. Without anything seen on either side it is all from −1 to 1.
//
// Source: R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
// methods, Statistics in Medicine 17 (1998), 873–890, method 10: with the Wilson intervals (l, u) of either share and the
// difference d, from d − √((p1−l1)² + (u2−p2)²) to d + √((u1−p1)² + (p2−l2)²).
func Newcombe(k1, n1, k2, n2 int64, z float64) Interval {
	if n1 <= 0 || n2 <= 0 {
		return Interval{-1, 1}
	}
	p1, p2 := float64(k1)/float64(n1), float64(k2)/float64(n2)
	i1, i2 := Wilson(k1, n1, z), Wilson(k2, n2, z)
	d := p1 - p2
	return Interval{
		Low:  max(-1, d-math.Hypot(p1-i1.Low, i2.High-p2)),
		High: min(1, d+math.Hypot(i1.High-p1, p2-i2.Low)),
	}
}
