package load

import (
	"fmt"
	"time"

	"satisflow/pipeline/eventgen"
)

// Config says what is sent, how fast and how much.
type Config struct {
	// Ratings says what they are like; its Start and Rate are set by Plan.
	Ratings eventgen.Config
	// Rate is how many records are sent a second, in the mean and at most; 0 sends as fast as they are taken.
	Rate float64
	// For is how long sending lasts at most; 0 until Count.
	For time.Duration
	// Count is how many records are sent at most; 0 until For has passed.
	Count int64
}

// DefaultConfig sends 500 records a second for a minute.
func DefaultConfig() Config {
	c := Config{Ratings: eventgen.DefaultConfig(), For: time.Minute}
	c.Rate = c.Ratings.Rate
	return c
}

// Validate returns an error that names the value and what would be right.
func (c Config) Validate() error {
	switch {
	case !(c.Rate >= 0):
		return fmt.Errorf("rate: %v: want 0 (as fast as possible) or more records a second", c.Rate)
	case c.For < 0:
		return fmt.Errorf("for: %s: want 0s or more", c.For)
	case c.Count < 0:
		return fmt.Errorf("count: %d: want 0 or more", c.Count)
	case c.For == 0 && c.Count == 0:
		return fmt.Errorf("neither for nor count is given: say how long, or how many")
	}
	return c.plan(time.Unix(1<<30, 0)).Validate()
}

// plan returns the configuration of the ratings for a beginning. As fast as possible, they lie in the hour before it, or from
// it on so densely that none can be sent before it occurs.
func (c Config) plan(start time.Time) eventgen.Config {
	const dense, before = 1e6, time.Hour
	g := c.Ratings
	g.Start, g.Rate = start, c.Rate
	switch {
	case c.Rate > 0:
	case c.Count > 0:
		g.Start, g.Rate = start.Add(-before), min(dense, float64(c.Count)/before.Seconds())
	default:
		g.Rate = dense
	}
	return g
}
