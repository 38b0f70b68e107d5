package erasure

import "time"

// Config bounds an erasure.
type Config struct {
	// Wait bounds the time for the processor to store the erasures, of each round.
	Wait time.Duration
	// Poll is the time between two looks at how far the processor is.
	Poll time.Duration
	// ScrubInterval is the time between two looks for text of erased ratings that is still on disk.
	ScrubInterval time.Duration
	// ScrubBack is how long ago a rating may have been erased to be looked for.
	ScrubBack time.Duration
}

// DefaultConfig waits 10 minutes for a processor and looks for text on disk every 6 hours.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{Wait: 10 * time.Minute, Poll: 500 * time.Millisecond, ScrubInterval: 6 * time.Hour, ScrubBack: 35 * day}
}
