package stats

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// SimpleSmoothing returns the forecast of the next value by simple exponential smoothing that starts at the first value,
// with the weight 0 < alpha ≤ 1 of the newest; NaN without values.
//
// Source: R. J. Hyndman, G. Athanasopoulos, Forecasting: Principles and Practice, 2nd ed. (2018), 7.1.
func SimpleSmoothing(values []float64, alpha float64) float64 {
	level := math.NaN()
	for i, v := range values {
		if i == 0 {
			level = v
		}
		level += alpha * (v - level)
	}
	return level
}

// Holt is exponential smoothing with a trend that is damped, so that a forecast levels off.
type Holt struct {
	Alpha, Beta, Phi float64 // weights of the newest level and trend, and the damping, in (0, 1)
	level, trend     float64
}

// add takes the next value and returns how far the forecast was off.
func (h *Holt) add(v float64) float64 {
	expected := h.level + h.Phi*h.trend
	off := v - expected
	level := expected + h.Alpha*off
	h.trend = h.Phi*h.trend + h.Beta*off
	h.level = level
	return off
}

// ahead is the forecast of steps ≥ 1 ahead.
func (h Holt) ahead(steps int) float64 {
	damped, f := 0.0, 1.0
	for range steps {
		f *= h.Phi
		damped += f
	}
	return h.level + damped*h.trend
}

// LeastPeriods is how many periods a forecast needs.
const LeastPeriods = 10

// ErrTooFewPeriods says that there are fewer than LeastPeriods.
var ErrTooFewPeriods = errors.New("too few periods for a forecast")

// Forecast is what the coming periods of a share are expected to be, with how good such forecasts have been.
type Forecast struct {
	Share     []float64  // of the periods ahead: the median
	Intervals []Interval // of 80 %
	Met       []float64  // probability that the share is at least the target
	// Off and NaiveOff are the mean absolute errors, in logits, of forecasts one period ahead that were made for the last
	// half of the periods, each from those before it: this one's, and of the last value seen. A forecast that is
	// not better than the naive one is not worth showing.
	Off, NaiveOff float64
}

// Better says whether the forecast has beaten the last value seen.
func (f Forecast) Better() bool { return f.Off < f.NaiveOff }

// logit is the log odds of k of n, with half a rating on either side so that none and all have one.
func logit(c Count) float64 {
	p := (float64(c.K) + 0.5) / float64(c.N+1)
	return math.Log(p / (1 - p))
}

func share(logit float64) float64 { return 1 / (1 + math.Exp(-logit)) }

// NewForecast forecasts the share of the steps periods that follow on those given, in order of time and none of them empty,
// by damped Holt smoothing of their logits; ErrTooFewPeriods below LeastPeriods. Intervals and probabilities are from 2,000
// paths of residuals drawn with the seed, so that equal periods give equal forecasts.
//
// Source: Hyndman, Athanasopoulos (2018), 7.2 (damped trend), 3.5 (bootstrapped residuals).
func NewForecast(periods []Count, steps int, target float64, seed uint64) (Forecast, error) {
	if len(periods) < LeastPeriods {
		return Forecast{}, ErrTooFewPeriods
	}
	values := make([]float64, len(periods))
	for i, c := range periods {
		values[i] = logit(c)
	}
	h, residuals := fitHolt(values)
	var f Forecast
	f.Off, f.NaiveOff = backtest(values)
	const paths = 2000
	ends := make([][]float64, steps)
	r := rand.New(rand.NewPCG(seed, uint64(len(periods))))
	for range paths {
		path := h
		for s := range steps {
			v := path.ahead(1) + residuals[r.IntN(len(residuals))]
			path.add(v)
			ends[s] = append(ends[s], v)
		}
	}
	for _, e := range ends {
		slices.Sort(e)
		met := 0
		for _, v := range e {
			if share(v) >= target {
				met++
			}
		}
		f.Share = append(f.Share, share(e[paths/2]))
		f.Intervals = append(f.Intervals, Interval{share(e[paths/10]), share(e[paths-paths/10])})
		f.Met = append(f.Met, float64(met)/paths)
	}
	return f, nil
}

// backtest forecasts each value of the last half from those before it.
func backtest(values []float64) (off, naive float64) {
	n := 0
	for i := max(len(values)/2, 4); i < len(values); i++ {
		h, _ := fitHolt(values[:i])
		off += math.Abs(values[i] - h.ahead(1))
		naive += math.Abs(values[i] - values[i-1])
		n++
	}
	return off / float64(n), naive / float64(n)
}

// fitHolt chooses the weights that make the squared errors of one step least, and returns the state after the last value
// with the errors on the way.
func fitHolt(values []float64) (Holt, []float64) {
	loss := func(x []float64) float64 {
		h, residuals := runHolt(values, x)
		if !(h.Alpha < 1) { // beyond what a float holds
			return math.Inf(1)
		}
		total := 0.0
		for _, r := range residuals {
			total += r * r
		}
		return total
	}
	best := []float64{0, -2, 2}
	if got, err := optimize.Minimize(optimize.Problem{Func: loss}, best, &optimize.Settings{FuncEvaluations: 400, Converger: &optimize.FunctionConverge{Relative: 1e-6, Absolute: 1e-10, Iterations: 30}}, &optimize.NelderMead{}); got != nil && (err == nil || got.F < loss(best)) {
		best = got.X
	}
	return runHolt(values, best)
}

// runHolt smooths the values with the weights, given as logits so that any number is one.
func runHolt(values, x []float64) (Holt, []float64) {
	h := Holt{Alpha: share(x[0]), Phi: 0.8 + 0.18*share(x[2]), level: values[0]}
	h.Beta = h.Alpha * share(x[1])
	residuals := make([]float64, 0, len(values))
	for _, v := range values[1:] {
		residuals = append(residuals, h.add(v))
	}
	return h, residuals
}
