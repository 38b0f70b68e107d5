package stats

import "math"

// EWMA is an exponentially weighted moving average with its control limits.
type EWMA struct {
	Values []float64
	Limits Interval // three standard errors about the target, for a process that has run long
}

// NewEWMA follows values with the weight 0 < lambda ≤ 1 of the newest, starting at the target; sigma is the standard
// deviation of one value.
//
// Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4, EWMA Control Charts.
func NewEWMA(values []float64, lambda, target, sigma float64) EWMA {
	half := 3 * sigma * math.Sqrt(lambda/(2-lambda))
	e := EWMA{Limits: Interval{target - half, target + half}}
	for last, i := target, 0; i < len(values); i++ {
		last += lambda * (values[i] - last)
		e.Values = append(e.Values, last)
	}
	return e
}

// Count is k of n in one period.
type Count struct{ K, N int64 }

// Share is K of N; NaN without any.
func (c Count) Share() float64 { return float64(c.K) / float64(c.N) }

// PChart judges the shares of periods against the share of all of them.
type PChart struct {
	Center float64
	Sigma  float64    // spread of the standardized shares beyond what chance explains: 1 in a p-chart, Laney's σz in a p′-chart
	Limits []Interval // of each period, by its n; all from 0 to 1 for a period without ratings
	Out    []int      // indexes of the periods beyond their limits
}

// NewPChart returns the chart of the periods with limits at three standard errors; false without any rating. With
// overdispersed the limits are widened (or narrowed) by the spread that is seen between periods: for large n the
// plain limits call every period special.
//
// Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.2; D. B. Laney, Improved control charts for attributes,
// Quality Engineering 14 (2002), 531–537 (σz from the moving ranges of the standardized shares over 1.128).
func NewPChart(periods []Count, overdispersed bool) (PChart, bool) {
	var all Count
	for _, p := range periods {
		all.K, all.N = all.K+p.K, all.N+p.N
	}
	if all.N == 0 {
		return PChart{}, false
	}
	c := PChart{Center: all.Share(), Sigma: 1}
	if overdispersed {
		c.Sigma = c.laney(periods)
	}
	for i, p := range periods {
		limits := Interval{0, 1}
		if p.N > 0 {
			half := 3 * c.Sigma * c.error(p.N)
			limits = Interval{max(0, c.Center-half), min(1, c.Center+half)}
			if s := p.Share(); s < limits.Low || s > limits.High {
				c.Out = append(c.Out, i)
			}
		}
		c.Limits = append(c.Limits, limits)
	}
	return c, true
}

// error is the standard error of a share of n ratings.
func (c PChart) error(n int64) float64 { return math.Sqrt(c.Center * (1 - c.Center) / float64(n)) }

// laney is the mean moving range of the standardized shares over d2 = 1.128; 1 with fewer than two periods that can vary.
func (c PChart) laney(periods []Count) float64 {
	var ranges, last float64
	n := 0
	for _, p := range periods {
		if p.N == 0 || c.error(p.N) == 0 {
			continue
		}
		z := (p.Share() - c.Center) / c.error(p.N)
		if n++; n > 1 {
			ranges += math.Abs(z - last)
		}
		last = z
	}
	if n < 2 {
		return 1
	}
	return ranges / float64(n-1) / 1.128
}
