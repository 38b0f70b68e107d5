package erasure

import "time"

// Config bounds an erasure.
type Config struct {
	// Wait bounds the time for the processor to store the erasures, of each round.
	Wait time.Duration
	// Poll is the time between two looks at how far the processor is.
	Poll time.Duration
	// Settle is how long after text was removed from alerts it is looked whether an action of a gateway put it back.
	Settle time.Duration
	// RetryInterval is how long after an erasure could not be finished it is tried again.
	RetryInterval time.Duration
	// ScrubInterval is the time between two looks for text of erased ratings that is still on disk.
	ScrubInterval time.Duration
	// ScrubBack is how long ago a rating may have been erased to be looked for.
	ScrubBack time.Duration
}

// DefaultConfig waits 10 minutes for a processor, tries again after as long, and looks for text on disk every 6 hours.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{Wait: 10 * time.Minute, Poll: 500 * time.Millisecond, Settle: 3 * time.Second, RetryInterval: 10 * time.Minute, ScrubInterval: 6 * time.Hour, ScrubBack: 35 * day}
}
