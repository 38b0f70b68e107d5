package api

import (
	"errors"
	"fmt"
	"time"

	"satisflow/cmd/internal/gateway/guard"
)

// Config bounds what one request may take.
type Config struct {
	guard.Config `yaml:",inline"`

	// MaxBody is the greatest size of a JSON body, and of a line of NDJSON, whose number is not bounded.
	MaxBody int64 `yaml:"max_body" help:"greatest size of a JSON body or an NDJSON line in bytes"`
	// MaxRatings is the greatest number of ratings in a JSON array, and of ratings without rating_id in an NDJSON body.
	MaxRatings int `yaml:"max_ratings" help:"most ratings in a JSON array, and most without rating_id in an NDJSON body"`
	// MaxInFlight bounds the bodies that are held at one time, in bytes; beyond it the answer is 503.
	MaxInFlight int64 `yaml:"max_in_flight" help:"bodies of ratings held at one time in bytes"`
	// ProduceTimeout bounds the wait for Kafka; after it the answer is 503.
	ProduceTimeout time.Duration `yaml:"produce_timeout" help:"longest wait for Kafka before a request is answered with 503"`
	// QueryTimeout bounds the time in which figures are read.
	QueryTimeout time.Duration `yaml:"query_timeout" help:"longest time to read figures"`
}

// DefaultConfig takes bodies of 1 MiB and waits 5 s for Kafka.
func DefaultConfig() Config {
	return Config{
		Config:  guard.DefaultConfig(),
		MaxBody: 1 << 20, MaxRatings: 10_000, MaxInFlight: 64 << 20,
		ProduceTimeout: 5 * time.Second, QueryTimeout: 20 * time.Second,
	}
}

// Validate reports every wrong key, its value and what would be right.
func (c Config) Validate() error {
	const least = 1 << 10
	errs := []error{c.Config.Validate()}
	if c.MaxBody < least || c.MaxBody > 64<<20 {
		errs = append(errs, fmt.Errorf("max_body: %d: want %d to %d", c.MaxBody, least, 64<<20))
	}
	if c.MaxRatings < 1 || c.MaxRatings > 100_000 {
		errs = append(errs, fmt.Errorf("max_ratings: %d: want 1 to 100000", c.MaxRatings))
	}
	if c.MaxInFlight < heldFactor*c.MaxBody {
		errs = append(errs, fmt.Errorf("max_in_flight: %d: want at least eight times max_body, %d", c.MaxInFlight, heldFactor*c.MaxBody))
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"produce_timeout", c.ProduceTimeout}, {"query_timeout", c.QueryTimeout}} {
		if d.value <= 0 {
			errs = append(errs, fmt.Errorf("%s: %v: want more than 0", d.key, d.value))
		}
	}
	return errors.Join(errs...)
}
