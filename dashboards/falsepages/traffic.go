package falsepages

import (
	"math"
	"math/rand/v2"
	"time"
)

// step is the time between two evaluations, and the length of a pane.
const step = 5 * time.Minute

// stepsPerDay is how many panes a day has.
const stepsPerDay = int(24 * time.Hour / step)

// steps is a duration in whole panes.
func steps(d time.Duration) int { return int(d / step) }

// Traffic is the ratings of one service.
type Traffic struct {
	// PerDay is the mean number of ratings a day. They come independently of each other, most in the afternoon and few
	// at night.
	PerDay float64
	// Bad is the true share of bad ratings.
	Bad float64
	// Spread is the standard deviation of the logarithm of each day's true share around Bad; 0 for days that are alike.
	Spread float64
	// DropTo is the true share of bad ratings from DropAt on, if DropAt, a number of panes, is not 0.
	DropTo float64
	DropAt int
}

// counts are the ratings of each pane, summed from the first one on: index i holds the panes before i.
type counts struct{ ratings, bad []int32 }

func newCounts(panes int) counts { return counts{make([]int32, panes+1), make([]int32, panes+1)} }

// panes is how many panes there are.
func (c counts) panes() int { return len(c.ratings) - 1 }

// in returns the ratings and bad ratings of the n panes that end with pane t, that one included.
func (c counts) in(t, n int) (ratings, bad int32) {
	from := max(t+1-n, 0)
	return c.ratings[t+1] - c.ratings[from], c.bad[t+1] - c.bad[from]
}

// draw fills the counts with one possible course.
func (tr Traffic) draw(c counts, rng *rand.Rand) {
	arrivals := tr.arrivals()
	share := tr.Bad
	for t := range c.panes() {
		if t%stepsPerDay == 0 && tr.Spread > 0 {
			share = min(tr.Bad*math.Exp(tr.Spread*rng.NormFloat64()-tr.Spread*tr.Spread/2), 1)
		}
		if tr.DropAt > 0 && t == tr.DropAt {
			share = tr.DropTo
		}
		n := arrivals[t%stepsPerDay].draw(rng)
		c.ratings[t+1] = c.ratings[t] + n
		c.bad[t+1] = c.bad[t] + binomial(n, share, rng)
	}
}

// arrivals is the distribution of the number of ratings in each pane of a day.
func (tr Traffic) arrivals() []poisson {
	weights, sum := make([]float64, stepsPerDay), 0.0
	for i := range weights {
		hour := float64(i) * step.Hours()
		weights[i] = max(1+math.Sin((hour-8)/24*2*math.Pi), 0.05)
		sum += weights[i]
	}
	day := make([]poisson, stepsPerDay)
	for i, w := range weights {
		day[i] = newPoisson(tr.PerDay * w / sum)
	}
	return day
}

// poisson is a cumulated distribution, drawn from by its inverse.
type poisson []float64

func newPoisson(mean float64) poisson {
	p := math.Exp(-mean)
	var all poisson
	for k, sum := 1, p; ; k++ {
		all = append(all, sum)
		if sum > 1-1e-12 && float64(k) > mean {
			return all
		}
		p *= mean / float64(k)
		sum += p
	}
}

func (p poisson) draw(rng *rand.Rand) int32 {
	u := rng.Float64()
	for k, sum := range p {
		if u < sum {
			return int32(k)
		}
	}
	return int32(len(p))
}

func binomial(n int32, share float64, rng *rand.Rand) (k int32) {
	for range n {
		if rng.Float64() < share {
			k++
		}
	}
	return k
}
