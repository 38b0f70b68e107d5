package owner

import (
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
)

// Config is what all owners of a processor share.
type Config struct {
	Grid       window.Grid
	Bands      window.Bands
	Attributes []string      // declared attribute keys
	Metrics    int           // quality metrics of the definition; 0 is room for as many as there can be
	Definition string        // hash of the window definition, kept with every checkpoint
	Topic      logid.ID      // identity of the log, kept with every checkpoint
	ID         string        // name of the processor, kept with every checkpoint for people
	Lateness   time.Duration // the watermark stays this far behind the newest rating and, at the end of the partition, the clock
	Retention  time.Duration // of facts: a pane that ended longer ago than this before the record's timestamp is frozen
	MaxBytes   int           // memory of one partition: what waits for a flush, and panes; see evict.go
	SweepKeys  int           // keys without ratings that are freed at once; 0 is a thousand
	Fault      Fault         // tests only
}

// metrics is how many quality values a fact has room for in memory.
func (c *Config) metrics() int {
	if c.Metrics == 0 {
		return event.MaxQuality
	}
	return c.Metrics
}
