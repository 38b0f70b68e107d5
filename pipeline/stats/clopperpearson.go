package stats

import "gonum.org/v1/gonum/stat/distuv"

// ClopperPearson returns the exact interval of a share of which k in n were seen, for the confidence, 0 < confidence < 1:
// it covers the truth at least that often, at the price of being wider than Wilson's. Without anything seen it is all from 0
// to 1.
//
// Source: C. J. Clopper, E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
// Biometrika 26 (1934), 404–413, as quantiles of the beta distribution.
func ClopperPearson(k, n int64, confidence float64) Interval {
	i, tail := Interval{0, 1}, (1-confidence)/2
	if n <= 0 {
		return i
	}
	if k > 0 {
		i.Low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(tail)
	}
	if k < n {
		i.High = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - tail)
	}
	return i
}

// Jeffreys returns the equal-tailed interval of a share of which k in n were seen, for the confidence, from the posterior
// of the prior Beta(½, ½); its ends are 0 and 1 where none or all were seen.
//
// Source: L. D. Brown, T. T. Cai, A. DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001),
// 101–133, section 3.1.2.
func Jeffreys(k, n int64, confidence float64) Interval {
	i, tail := Interval{0, 1}, (1-confidence)/2
	if n <= 0 {
		return i
	}
	posterior := distuv.Beta{Alpha: float64(k) + 0.5, Beta: float64(n-k) + 0.5}
	if k > 0 {
		i.Low = posterior.Quantile(tail)
	}
	if k < n {
		i.High = posterior.Quantile(1 - tail)
	}
	return i
}
