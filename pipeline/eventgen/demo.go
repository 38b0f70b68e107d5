package eventgen

import (
	"math"
	"time"

	"satisflow/pipeline/event"
)

// The demo's story: a firm with 300 customers, of whom the largest gives some two hundred ratings a month and the smallest a
// handful, more on working days in office hours than in nights. It is told by services in the order of the configuration: the
// first gets worse in the last days before the end of the history and stays bad; the second dipped until a measure was
// taken and recovers since; all others are steady. Some customers are unhappy all the time, some have turned away lately, some
// have come back.
const (
	demoCustomers = 300
	demoLength    = 28 * day
	demoRatings   = 9_000
	demoWorse     = 5 * day  // before the end: the first service begins to get worse
	demoDip       = 17 * day // before the end: the second service dips
	demoMeasure   = 10 * day // before the end: the measure for the second service
	demoRecovery  = 3 * day  // how long the measure takes to work
	demoTurn      = 9 * day  // before the end: some customers turn away, and others come back
	day           = 24 * time.Hour
)

// demoRate is how many records the firm sends a second, in the mean.
var demoRate = demoRatings / demoLength.Seconds()

// DemoHistory returns the configuration of 28 days of history that end at the time, some 9,000 ratings in all: read it
// with Until(end).
func DemoHistory(seed uint64, end time.Time, ec event.Config) Config {
	return demo(seed, end.Add(-demoLength), end, 1, ec)
}

// DemoLive returns the configuration of the stream that continues the history from its end on, at its pace times a factor.
func DemoLive(seed uint64, end time.Time, pace float64, ec event.Config) Config {
	return demo(seed, end, end, pace, ec)
}

// DemoMeasure returns the service that a measure was taken for, and when; no service where only one is configured.
func DemoMeasure(end time.Time, ec event.Config) (service string, at time.Time) {
	if services := (Config{Event: ec}).services(); len(services) > 1 {
		service = services[1]
	}
	return service, end.Add(-demoMeasure)
}

// DemoIncident returns what happened in the last hour of the history: three of the largest customers were let down, so that
// somebody is needed at once.
func DemoIncident(seed uint64, end time.Time, ec event.Config) []Item {
	g := New(demo(seed, end.Add(-time.Hour), end, 1, ec))
	var items []Item
	for i, rating := range []int32{100, 200, 150} {
		g.at = end.Add(-time.Duration(50-15*i) * time.Minute)
		e := g.rating(g.at)
		c := &g.customers[i]
		e.CustomerID, e.Segment, e.Attributes, e.Service = c.id, c.segment, c.attributes, g.services[0]
		e.ProductID, e.Rating, e.Staff = pick(g, productsOf(e.Service)), rating, false
		e.Comment, e.Answers, e.SurveyID, e.InvitationID = g.comment(&e, c.chinese), nil, "", ""
		items = append(items, g.write(Fresh, e))
	}
	return items
}

func demo(seed uint64, start, end time.Time, pace float64, ec event.Config) Config {
	cfg := Config{Seed: seed, Start: start, Rate: demoRate * pace, Event: ec, Customers: demoCustomers, Profile: true, Lateness: day,
		ZipfExponent: 2, ZipfOffset: 60, Duplicates: 0.005, Corrections: 0.01, Erasures: 0.001, Late: 0.02, Bad: 0.001}
	services := cfg.services()
	cfg.Satisfied = func(service string, at time.Time) float64 {
		switch {
		case service == services[0]:
			return worsening(end.Sub(at))
		case len(services) > 1 && service == services[1]:
			return recovering(end.Sub(at))
		}
		return 0.99
	}
	cfg.Mood = func(customer int, at time.Time) float64 { return demoMood(customer, end.Sub(at)) }
	return cfg
}

// demoMood is by how much the share of satisfied ratings of a customer differs, so long before the end.
func demoMood(customer int, before time.Duration) float64 {
	switch customer % 50 {
	case 17: // unhappy all the time
		return -0.6
	case 29: // has turned away
		return -0.7 * slope(demoTurn-before, 3*day, 0, 1)
	case 41: // has come back
		return -0.5 * slope(demoTurn-before, 3*day, 1, 0)
	}
	return 0
}

// worsening is the first service's share of satisfied ratings, so long before the end.
func worsening(before time.Duration) float64 {
	return slope(demoWorse-before, demoWorse, 0.985, 0.80)
}

// recovering is the second service's.
func recovering(before time.Duration) float64 {
	if before > demoMeasure {
		return slope(demoDip-before, day, 0.985, 0.85)
	}
	return slope(demoMeasure-before, demoRecovery, 0.85, 0.99)
}

// slope goes from one value to another while the time goes from 0 to length, and stays there.
func slope(at, length time.Duration, from, to float64) float64 {
	share := math.Min(math.Max(float64(at)/float64(length), 0), 1)
	return from + (to-from)*share
}
