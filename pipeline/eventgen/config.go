package eventgen

import (
	"fmt"
	"time"

	"satisflow/pipeline/event"
)

// Config says what is generated. Shares are of all records, 0 to 1, and together at most 1; the rest are new ratings in time.
type Config struct {
	Seed  uint64
	Start time.Time // of the stream; also part of the rating ids, so that streams of other times name other ratings
	Rate  float64   // records a second, in the mean

	// Event gives the services (three of a law and data office where any is accepted), attributes and quality metrics.
	Event     event.Config
	Customers int // how many there are; they differ in size as a Zipf law has it
	// ZipfExponent and ZipfOffset are that law's: a customer's share falls with (offset + rank) to the power of the exponent.
	// 1.2 and 12 where they are 0.
	ZipfExponent, ZipfOffset float64

	Duplicates  float64 // an earlier record again, byte for byte
	Corrections float64 // an earlier rating with the next revision and another score
	Erasures    float64 // the erasure of an earlier rating
	Late        float64 // a rating that comes minutes to Lateness after it occurred
	Bad         float64 // a record that must be rejected, of all kinds
	Lateness    time.Duration
	TooLarge    bool // whether bad records may be larger than a broker takes by default, above 1 MiB

	// Profile makes days busier than nights and working days than weekends (in UTC+8); otherwise the rate is even.
	Profile bool
	// Satisfied returns the share of satisfied ratings that a service has at a time; nil is an even 0.95 to 0.97.
	Satisfied func(service string, at time.Time) float64
	// Mood returns by how much a customer's share of satisfied ratings differs at a time; nil is not at all.
	Mood func(customer int, at time.Time) float64
}

// DefaultConfig returns a stream of 500 records a second with a little of everything that goes wrong.
func DefaultConfig() Config {
	return Config{Seed: 1, Rate: 500, Event: event.DefaultConfig(), Customers: 2000, Lateness: 72 * time.Hour,
		Duplicates: 0.01, Corrections: 0.01, Erasures: 0.001, Late: 0.02, Bad: 0.001}
}

// Validate returns an error that names the value and what would be right.
func (c Config) Validate() error {
	const most = 30 * 24 * time.Hour // ratings within it are inside any horizon
	sum := 0.0
	for _, share := range []struct {
		name  string
		value float64
	}{{"duplicates", c.Duplicates}, {"corrections", c.Corrections}, {"erasures", c.Erasures}, {"late", c.Late}, {"bad", c.Bad}} {
		if !(share.value >= 0 && share.value <= 1) {
			return fmt.Errorf("%s: %v: want a share from 0 to 1", share.name, share.value)
		}
		sum += share.value
	}
	switch {
	case sum > 1:
		return fmt.Errorf("duplicates, corrections, erasures, late and bad: %v together: want at most 1", sum)
	case !(c.Rate > 0 && c.Rate <= 1e6):
		return fmt.Errorf("rate: %v: want more than 0 and at most 1000000 records a second", c.Rate)
	case c.ZipfExponent != 0 && c.ZipfExponent <= 1 || c.ZipfOffset != 0 && c.ZipfOffset < 1:
		return fmt.Errorf("zipf: exponent %v and offset %v: want more than 1 and at least 1, or 0", c.ZipfExponent, c.ZipfOffset)
	case c.Customers < 1:
		return fmt.Errorf("customers: %d: want at least 1", c.Customers)
	case c.Late > 0 && (c.Lateness < leastLate || c.Lateness > most):
		return fmt.Errorf("lateness: %s: want %s to %s", c.Lateness, leastLate, most)
	case c.Start.Year() < 2001 || c.Start.Year() > 2099:
		return fmt.Errorf("start: %s: want a time from 2001 to 2099", c.Start)
	}
	return c.Event.Validate()
}

// services returns the services to rate.
func (c Config) services() []string {
	if c.Event.AnyService() {
		return event.DefaultConfig().Services
	}
	return c.Event.Services
}
