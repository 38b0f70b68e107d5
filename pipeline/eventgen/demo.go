package eventgen

import (
	"time"

	"satisflow/pipeline/event"
)

// The demo's story, told by services in the order of the configuration: the first gets worse in the last days before the
// end of the history and stays bad; the second dipped until a measure was taken and recovers since; all others are steady.
const (
	demoLength   = 28 * day
	demoRatings  = 40_000
	demoWorse    = 5 * day  // before the end: the first service begins to get worse
	demoDip      = 17 * day // before the end: the second service dips
	demoMeasure  = 10 * day // before the end: the measure for the second service
	demoRecovery = 3 * day  // how long the measure takes to work
	day          = 24 * time.Hour
)

// DemoHistory returns the configuration of 28 days of history that end at the time, some 40,000 ratings in all: read it
// with Until(end).
func DemoHistory(seed uint64, end time.Time, ec event.Config) Config {
	return demo(seed, end.Add(-demoLength), end, demoRatings/demoLength.Seconds(), ec)
}

// DemoLive returns the configuration of the stream that continues the history from its end on, at a rate of records a second.
func DemoLive(seed uint64, end time.Time, rate float64, ec event.Config) Config {
	return demo(seed, end, end, rate, ec)
}

// DemoMeasure returns the service that a measure was taken for, and when; no service where only one is configured.
func DemoMeasure(end time.Time, ec event.Config) (service string, at time.Time) {
	if services := (Config{Event: ec}).services(); len(services) > 1 {
		service = services[1]
	}
	return service, end.Add(-demoMeasure)
}

func demo(seed uint64, start, end time.Time, rate float64, ec event.Config) Config {
	cfg := Config{Seed: seed, Start: start, Rate: rate, Event: ec, Customers: 400, Profile: start.Before(end), Lateness: day,
		Duplicates: 0.005, Corrections: 0.01, Erasures: 0.001, Late: 0.02, Bad: 0.001}
	services := cfg.services()
	cfg.Satisfied = func(service string, at time.Time) float64 {
		switch {
		case service == services[0]:
			return worsening(end.Sub(at))
		case len(services) > 1 && service == services[1]:
			return recovering(end.Sub(at))
		}
		return 0.96
	}
	return cfg
}

// worsening is the first service's share of satisfied ratings, so long before the end.
func worsening(before time.Duration) float64 {
	return slope(demoWorse-before, demoWorse, 0.968, 0.80)
}

// recovering is the second service's.
func recovering(before time.Duration) float64 {
	if before > demoMeasure {
		return slope(demoDip-before, day, 0.965, 0.85)
	}
	return slope(demoMeasure-before, demoRecovery, 0.85, 0.975)
}

// slope goes from one value to another while the time goes from 0 to length, and stays there.
func slope(at, length time.Duration, from, to float64) float64 {
	share := min(max(float64(at)/float64(length), 0), 1)
	return from + (to-from)*share
}
