package source

import (
	"errors"
	"fmt"
	"time"
)

// ReaderConfig bounds what reading one partition takes.
type ReaderConfig struct {
	// MaxBytes bounds a fetch and the key, value and header bytes of a Batch. A larger
	// record still comes, alone.
	MaxBytes int `yaml:"max_bytes" help:"most bytes of a fetch, 1,024 to 1,073,741,824; a larger record still comes, alone"`
	// MinBytes is how much the broker waits for, at most MaxWait: more saves CPU on
	// partitions with little traffic, and costs up to MaxWait of latency.
	MinBytes int `yaml:"min_bytes" help:"bytes that the broker waits for, at most max_wait: more saves CPU and costs latency"`
	// MaxWait is how long the broker waits for MinBytes, so also about how often an empty
	// Batch comes at the end of the partition.
	MaxWait time.Duration `yaml:"max_wait" help:"how long the broker waits for min_bytes"`
	// RetryMax bounds the wait between attempts while the partition cannot be read.
	RetryMax time.Duration `yaml:"retry_max" help:"longest wait between attempts while a partition cannot be read"`
	// TruncatedAfter is how long the log must end below the offset asked for before that
	// is believed; a new leader may be behind for a moment.
	TruncatedAfter time.Duration `yaml:"truncated_after" help:"how long a log must end below the offset asked for before that is believed"`
}

// DefaultReaderConfig suits records of some hundred bytes: 4 MiB a fetch, 250 ms of waiting.
func DefaultReaderConfig() ReaderConfig {
	return ReaderConfig{
		MaxBytes:       4 << 20,
		MinBytes:       64 << 10,
		MaxWait:        250 * time.Millisecond,
		RetryMax:       5 * time.Second,
		TruncatedAfter: 3 * time.Second,
	}
}

// Validate reports every wrong field, its value and what would be right.
func (c ReaderConfig) Validate() error {
	var errs []error
	if c.MaxBytes < 1<<10 || c.MaxBytes > 1<<30 {
		errs = append(errs, fmt.Errorf("max_bytes is %d: it must be 1,024 to 1,073,741,824", c.MaxBytes))
	}
	if c.MinBytes < 1 || c.MinBytes > c.MaxBytes {
		errs = append(errs, fmt.Errorf("min_bytes is %d: it must be 1 to max_bytes (%d)", c.MinBytes, c.MaxBytes))
	}
	errs = append(errs,
		positive("max_wait", c.MaxWait),
		positive("retry_max", c.RetryMax),
		positive("truncated_after", c.TruncatedAfter))
	return errors.Join(errs...)
}
