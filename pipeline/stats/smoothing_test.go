package stats

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestSmoothingGivesThePublishedForecasts(t *testing.T) { // oracle 15
	oil := []float64{446.6565229, 454.4733065, 455.662974, 423.6322388, 456.2713279, 440.5880501, 425.3325201, 485.1494479, 506.0481621, 526.7919833, 514.268889, 494.2110193}
	near(t, "with 0.2", SimpleSmoothing(oil, 0.2), 484.802468, 5e-7)
	near(t, "with 0.6", SimpleSmoothing(oil, 0.6), 501.837461, 5e-7)
	if got := SimpleSmoothing(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

// weeks draws periods of n ratings whose logit drifts by step a period.
func weeks(r *rand.Rand, periods int, n int64, start, step float64) []Count {
	all := make([]Count, periods)
	for i := range all {
		all[i] = Count{binomial(r, n, share(start+step*float64(i))), n}
	}
	return all
}

func TestAForecastFollowsATrendAndLevelsOff(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 21))
	f, err := NewForecast(weeks(r, 30, 20_000, 1.5, 0.05), 4, 0.95, 1)
	if err != nil {
		t.Fatal(err)
	}
	now := share(1.5 + 0.05*29)
	if f.Share[0] < now || f.Share[3] <= f.Share[0] || f.Share[3] > share(1.5+0.05*38) {
		t.Errorf("after %.4f the forecast is %v", now, f.Share)
	}
	if !f.Better() {
		t.Errorf("a trend this clear beats the last value: off by %v, the naive one by %v", f.Off, f.NaiveOff)
	}
	for i := range f.Share {
		if f.Intervals[i].Low > f.Share[i] || f.Intervals[i].High < f.Share[i] || f.Met[i] < 0 || f.Met[i] > 1 {
			t.Errorf("period %d: %+v", i, f)
		}
	}
}

func TestIntervalsOfForecastsHoldFourOfFive(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 23))
	in, rounds := 0, 120
	for i := range rounds {
		all := weeks(r, 41, 500, 2.5, 0)
		f, err := NewForecast(all[:40], 1, 0.95, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		if s := share(logit(all[40])); f.Intervals[0].Low <= s && s <= f.Intervals[0].High {
			in++
		}
	}
	if got := float64(in) / float64(rounds); got < 0.70 || got > 0.90 {
		t.Errorf("%v of the intervals hold what came, want about 0.8", got)
	}
}

func TestEqualPeriodsGiveEqualForecasts(t *testing.T) {
	periods := weeks(rand.New(rand.NewPCG(24, 25)), 12, 300, 2, 0)
	a, _ := NewForecast(periods, 3, 0.95, 7)
	b, _ := NewForecast(periods, 3, 0.95, 7)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestThereIsNoForecastFromFewPeriods(t *testing.T) {
	if _, err := NewForecast(make([]Count, LeastPeriods-1), 1, 0.95, 1); !errors.Is(err, ErrTooFewPeriods) {
		t.Errorf("got %v", err)
	}
}
