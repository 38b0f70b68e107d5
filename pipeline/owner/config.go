package owner

import (
	"time"

	"satisflow/pipeline/window"
)

// Config is what all owners of a processor share.
type Config struct {
	Grid       window.Grid
	Bands      window.Bands
	Attributes []string      // declared attribute keys
	Definition string        // hash of the window definition, kept with every checkpoint
	ID         string        // name of the processor, kept with every checkpoint for people
	Lateness   time.Duration // the watermark stays this far behind the newest rating and, at the end of the partition, the clock
	Retention  time.Duration // of facts: a pane that ended longer ago than this before the record's timestamp is frozen
	MaxBytes   int           // memory of one partition's panes and pending facts, estimated; Fold stops above it
	Fault      Fault         // tests only
}

// Estimates of the memory that one thing takes, in bytes, measured on linux/amd64 with 36-character rating ids.
const (
	paneBytes  = 250 // the pane itself and its empty maps
	entryBytes = 200 // entry, map slot and id
	groupBytes = 16
	factBytes  = 560
)

// pagesAtOnce bounds how many panes one page-in reads.
const pagesAtOnce = 128
