package owner

import (
	"context"
	"unsafe"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
)

// PaneRow is one row of satisfaction_panes: the sums of one key in one pane of one partition.
type PaneRow struct {
	Partition int32
	Pane      window.Pane
	Key       window.Key
	Version   int64 // cut of the flush
	Sums      window.Sums
}

// WindowRow is one row of satisfaction_windows: the sums of one key in one closed window of one partition.
type WindowRow struct {
	Partition int32
	Window    string // name of the window
	End       window.Pane
	Key       window.Key
	Version   int64 // cut of the flush
	Sums      window.Sums
}

// DeadLetter is one rejected record, whole.
type DeadLetter struct {
	Partition int32
	Offset    int64
	Timestamp int64  // of the Kafka record, Unix milliseconds; the producer's
	Arrived   int64  // when it was appended, where the broker says so, else when it was first read, Unix milliseconds
	Reason    string // a word of admit: bad_json, bad_field:rating, too_old …
	Detail    string // a sentence for the person who mends it; no personal data
	Key       []byte
	Value     []byte
	Headers   []Header
}

// bytes is the memory that the dead letter takes while it waits: a row in a slice that grows by doubling, and all it points to.
func (d *DeadLetter) bytes() int {
	n := 3*int(unsafe.Sizeof(*d))/2 + len(d.Detail) + len(d.Key) + len(d.Value) + len(d.Headers)*int(unsafe.Sizeof(Header{}))
	for i := range d.Headers {
		n += len(d.Headers[i].Key) + len(d.Headers[i].Value)
	}
	return n
}

// Arrival is when a record that was rejected arrived, Unix milliseconds, and why it was rejected.
type Arrival struct {
	At     int64
	Reason string
}

// Header is a header of a Kafka record.
type Header = event.Header

// Checkpoint says: every record of the partition below Cut is durable in facts, panes, dead letters and in each window
// that ended by Watermark.
type Checkpoint struct {
	Partition  int32
	Cut        int64         // next offset to read
	Watermark  int64         // Unix milliseconds
	FreshAt    int64         // Unix milliseconds up to which the partition was read: the clock at its end, else the log's time
	Log        event.LogTime // how far the log was: what comes after the cut is judged by it
	Topic      logid.ID      // identity of the log that Cut is a position of
	Last       logid.Mark    // the record before Cut
	Definition string        // hash of the window definition
	Owner      string        // who wrote it, for people
}

// Version is the version of the checkpoint's row: its cut, then its watermark in whole panes.
func (c Checkpoint) Version(g *window.Grid) uint64 {
	return uint64(c.Cut)<<24 | uint64(max(g.PaneOf(c.Watermark), 0))&0xffffff
}

// Store is what an owner reads. Every read sees the writer's own acknowledged inserts (never a lagging replica) and the
// highest version of each row. Implementations serve one epoch.
type Store interface {
	// Clock returns the clock by which the store removes facts, Unix milliseconds.
	Clock(ctx context.Context) (int64, error)
	// Checkpoints returns the checkpoints that exist of the partitions.
	Checkpoints(ctx context.Context, partitions []int32) (map[int32]Checkpoint, error)
	// Arrivals calls yield for the dead letters of the partition from the offset on: a record that is read again is judged
	// as of its first arrival.
	Arrivals(ctx context.Context, partition int32, from int64, yield func(offset int64, a Arrival)) error
	// KnownPanes calls yield once or more for every pane that holds any fact or pane row of the partition, at any age.
	KnownPanes(ctx context.Context, partition int32, yield func(window.Pane)) error
	// PaneSums calls yield for the stored rows, zeros included, with from ≤ pane < to; keys nil means all keys.
	PaneSums(ctx context.Context, partition int32, from, to window.Pane, keys []window.Key, yield func(window.Pane, window.Key, *window.Sums)) error
	// PageFacts calls yield for the last version of every fact of the panes. The event holds what it counts for and the
	// rating id; it is valid only during the call.
	PageFacts(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, *event.Event, uint64)) error
	// PageKeys calls yield for every stored pane row's key of the panes, zero rows included.
	PageKeys(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, window.Key)) error
}

// Sink is what a flush writes to. Each call returns when its rows are durable; a call may be repeated with the same rows.
// Rows are only valid during the call.
type Sink interface {
	InsertFacts(ctx context.Context, rows []fact.Fact) error
	InsertPanes(ctx context.Context, rows []PaneRow) error
	InsertWindows(ctx context.Context, rows []WindowRow) error
	InsertDeadLetters(ctx context.Context, rows []DeadLetter) error
	InsertCheckpoints(ctx context.Context, rows []Checkpoint) error
}
