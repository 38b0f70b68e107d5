package pipeline

import (
	"fmt"
	"time"
)

// Config bounds what a processor takes and how often it writes.
type Config struct {
	// FlushInterval is the time from the start of one flush to the start of the next while the partitions are read to
	// their ends.
	FlushInterval time.Duration `yaml:"flush_interval" help:"time between flushes at the end of the partitions"`
	// CatchUpInterval and CatchUpFacts are the same while there is a backlog or old ratings are imported: fewer, larger
	// flushes rewrite each window less often. The first of the two that is reached starts a flush.
	CatchUpInterval time.Duration `yaml:"catch_up_interval" help:"time between flushes at most while there is a backlog or an import"`
	CatchUpFacts    int           `yaml:"catch_up_facts" help:"facts that start a flush while there is a backlog or an import"`
	// BeatInterval is the time after which checkpoints are written though nothing came, for the freshness that readers see.
	BeatInterval time.Duration `yaml:"beat_interval" help:"time between checkpoints of idle partitions"`
	// BlockRows bounds the rows of one insert.
	BlockRows int `yaml:"block_rows" help:"rows per insert at most"`
	// MemoryBytes bounds what all partitions together hold: facts and dead letters that wait for a flush, panes, keys and
	// their pane sums. The process takes some 128 MiB beside it.
	MemoryBytes int `yaml:"memory_bytes" help:"memory for facts that wait, panes and pane sums of all partitions, bytes; the process takes some 128 MiB more"`
	// Lateness keeps the watermark this far behind the newest rating.
	Lateness time.Duration `yaml:"lateness" help:"how far the watermark stays behind the newest rating"`
	// DrainTimeout bounds the last flush after a rebalance or a shutdown; well under the session timeout of the group.
	DrainTimeout time.Duration `yaml:"drain_timeout" help:"time for the last flush after a rebalance or shutdown"`
	// InsertTimeout bounds one attempt of an insert or a query; attempts are repeated.
	InsertTimeout time.Duration `yaml:"insert_timeout" help:"time for one attempt of an insert or query"`
	// RetryMax bounds the wait between two attempts.
	RetryMax time.Duration `yaml:"retry_max" help:"wait between attempts at most"`
}

// DefaultConfig keeps ratings visible within about a second and memory under some 200 MB.
func DefaultConfig() Config {
	return Config{
		FlushInterval: time.Second, CatchUpInterval: 10 * time.Second, CatchUpFacts: 100_000, BeatInterval: 10 * time.Second,
		BlockRows: 100_000, MemoryBytes: 192 << 20, Lateness: 2 * time.Minute, DrainTimeout: 2 * time.Second,
		InsertTimeout: time.Minute, RetryMax: 5 * time.Second,
	}
}

// Validate returns an error that names the key, the value and what would be right.
func (c Config) Validate() error {
	for _, d := range []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"flush_interval", c.FlushInterval, 10 * time.Millisecond}, {"catch_up_interval", c.CatchUpInterval, c.FlushInterval},
		{"beat_interval", c.BeatInterval, c.FlushInterval}, {"drain_timeout", c.DrainTimeout, 0},
		{"insert_timeout", c.InsertTimeout, time.Second}, {"retry_max", c.RetryMax, 100 * time.Millisecond}, {"lateness", c.Lateness, 0},
	} {
		if d.value < d.least {
			return fmt.Errorf("%s: %v: want at least %v", d.key, d.value, d.least)
		}
	}
	switch {
	case c.CatchUpFacts < 1:
		return fmt.Errorf("catch_up_facts: %d: want at least 1", c.CatchUpFacts)
	case c.BlockRows < 1 || c.BlockRows > 500_000:
		return fmt.Errorf("block_rows: %d: want 1 to 500000", c.BlockRows)
	case c.MemoryBytes < 8<<20:
		return fmt.Errorf("memory_bytes: %d: want at least %d (8 MiB)", c.MemoryBytes, 8<<20)
	}
	return nil
}
