package owner

import (
	"context"
	"fmt"
	"math"
	"sync"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
)

// Owner is the memory of one assignment of one partition. It always starts empty, from the checkpoint, and is thrown away
// when the partition is revoked. Fold and Snapshot may be called from two goroutines; Snapshot, the writing of a flush and
// Acked must not overlap.
type Owner struct {
	cfg       *Config
	partition int32

	mu      sync.Mutex
	keys    *window.Keys
	next    int64      // next offset to read
	newest  int64      // greatest admitted occurred_at, Unix ms
	endAt   int64      // when the end of the partition was last seen, with nothing read since; 0 when not at its end
	last    logid.Mark // the record before next
	log     event.LogTime
	read    bool // anything, if only the end of the partition: there is something to checkpoint
	panes   map[window.Pane]*pane
	known   paneSet
	facts   []fact.Fact
	dead    []DeadLetter
	waiting map[window.Pane][]fact.Fact // for their panes, which the next flush reads back
	awaited int                         // facts in waiting
	old     int                         // of all that wait for a flush: ratings more than an hour old on arrival
	taken   int                         // admitted records since it was last decided which panes are hot
	records int                         // admitted records from which it was
	pending int                         // bytes of facts and dead letters not acknowledged
	inPanes int                         // bytes of panes
	paging  int                         // bytes of panes that are being read back
	stats   Stats
	revoked bool
	tick    int64

	// Of the flusher alone, but for table.now and cut, which readers take under mu.
	table     table
	floor     window.Pane // the table holds every stored pane from here on
	watermark int64       // of the last acknowledged flush, Unix ms
	cut       int64       // of the last acknowledged flush; -1 before the first
	shownAt   int64       // freshness of the last snapshot, which the current windows show, Unix ms
	shownNext int64       // its cut
	shownEnd  bool        // whether it was at the end of the partition
	apart     int64       // how far the store's clock is ahead of this process's, ms; negative when it is behind

	generation int64 // only under GenerationInVersion
	fallen     int64 // only under WatermarkFalls: the greatest watermark acknowledged
}

// Stats counts what happened to the records of one assignment.
type Stats struct {
	Consumed, Admitted, Rejected int64
	Duplicates                   int64 // the same or an older revision of a known rating, from another offset
	Replayed                     int64 // the very record that is stored already
	Corrections                  int64 // a higher revision of a known rating
	Erasures                     int64
	Late                         int64 // older than the watermark on arrival
	Frozen                       int64 // older than the retention: recorded, in no sum
	PagedIn, Evicted             int64 // panes read back, and forgotten while memory was short
	FactRows, PaneRows           int64 // written
	WindowRows                   int64
}

// Add adds the counters of another assignment.
func (s *Stats) Add(o Stats) {
	s.Consumed += o.Consumed
	s.Admitted += o.Admitted
	s.Rejected += o.Rejected
	s.Duplicates += o.Duplicates
	s.Replayed += o.Replayed
	s.Corrections += o.Corrections
	s.Erasures += o.Erasures
	s.Late += o.Late
	s.Frozen += o.Frozen
	s.PagedIn += o.PagedIn
	s.Evicted += o.Evicted
	s.FactRows += o.FactRows
	s.PaneRows += o.PaneRows
	s.WindowRows += o.WindowRows
}

// never is the watermark before any record: no window has closed.
const never = math.MinInt32

// neverMS is never in Unix ms: in the first of all panes, and far enough from the end of int64 for arithmetic.
const neverMS = math.MinInt64 / 4

// Assign reads the partition's state from the store: checkpoint first, then known panes, then pane sums. now is the clock
// in Unix ms.
func Assign(ctx context.Context, cfg *Config, st Store, partition int32, now int64) (*Owner, error) {
	o := &Owner{cfg: cfg, partition: partition, keys: window.NewKeys(cfg.Attributes), panes: map[window.Pane]*pane{}, waiting: map[window.Pane][]fact.Fact{},
		newest: neverMS, watermark: neverMS, fallen: neverMS, cut: -1, floor: never, table: table{grid: &cfg.Grid}}
	steps := []func(context.Context, Store, int64) error{o.readCheckpoint, o.readKnown, o.readSums}
	switch {
	case cfg.Fault.has(SumsBeforeCheckpoint):
		steps[0], steps[1], steps[2] = steps[2], steps[0], steps[1]
	case cfg.Fault.has(CheckpointAfterKnown):
		steps[0], steps[1], steps[2] = steps[1], steps[2], steps[0]
	}
	for _, step := range append([]func(context.Context, Store, int64) error{o.readClock}, steps...) {
		if err := step(ctx, st, now); err != nil {
			return nil, fmt.Errorf("assign partition %d: %w", partition, err)
		}
	}
	o.table.advance(cfg.Grid.PaneOf(now), o.floor)
	return o, nil
}

func (o *Owner) readCheckpoint(ctx context.Context, st Store, now int64) error {
	cps, err := st.Checkpoints(ctx, []int32{o.partition})
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	c, ok := cps[o.partition]
	if !ok {
		return nil
	}
	if c.Definition != o.cfg.Definition {
		return fmt.Errorf("checkpoint has the window definition %s, this configuration is %s: a change of bands, windows, dimensions or partitions needs a new epoch",
			c.Definition, o.cfg.Definition)
	}
	if !c.Topic.Same(o.cfg.Topic) && !o.cfg.Fault.has(TopicUnchecked) {
		return logid.Another(c.Topic, o.cfg.Topic)
	}
	o.last = c.Last
	o.next, o.watermark, o.cut, o.shownAt, o.log, o.read = c.Cut, c.Watermark, c.Cut, c.FreshAt, c.Log, true
	o.shownNext = c.Cut
	o.floor = o.cfg.floor(c.Watermark, now)
	return nil
}

// floor is the pane from which on the table holds everything: as far back as the longest window that closes next, or
// that is current, can reach.
func (c *Config) floor(watermark, now int64) window.Pane {
	p := c.Grid.PaneOf(min(watermark, now))
	if p == never {
		return never
	}
	return p - c.Grid.Longest - 1
}

func (o *Owner) readKnown(ctx context.Context, st Store, _ int64) error {
	recent := o.cfg.Grid.PaneOf(max(o.watermark, 0)) - 4
	err := st.KnownPanes(ctx, o.partition, func(p window.Pane) {
		if p >= recent || !o.cfg.Fault.has(KnownRecent) {
			o.known.add(p)
		}
	})
	if err != nil {
		return fmt.Errorf("read known panes: %w", err)
	}
	return nil
}

func (o *Owner) readSums(ctx context.Context, st Store, _ int64) error {
	from := o.floor
	if o.cfg.Fault.has(SumsRecentOnly) {
		from = o.cfg.Grid.PaneOf(max(o.watermark, 0)) - 4
	}
	err := st.PaneSums(ctx, o.partition, from, math.MaxInt32, nil, func(p window.Pane, k window.Key, s *window.Sums) {
		o.table.set(p, o.keys.ID(k), *s)
	})
	if err != nil {
		return fmt.Errorf("read pane sums: %w", err)
	}
	return nil
}

// readClock compares the store's clock, by which it removes facts, with this process's.
func (o *Owner) readClock(ctx context.Context, st Store, now int64) error {
	at, err := st.Clock(ctx)
	if err != nil {
		return fmt.Errorf("read the store's clock: %w", err)
	}
	o.apart = at - now
	return nil
}

// vouched returns now, Unix ms by this process's clock, by the one of the two clocks that is behind: what neither has
// seen is not over.
func (o *Owner) vouched(now int64) int64 {
	if now == 0 {
		return 0
	}
	return now + min(0, o.apart)
}

// Position returns where the partition is to be read on.
func (o *Owner) Position() logid.Position {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut < 0 { // no checkpoint: the start of the log
		return logid.Position{Log: o.cfg.Topic, Next: -1}
	}
	return logid.Position{Log: o.cfg.Topic, Next: o.next, Last: o.last}
}

// Log returns the time of the log: what comes is judged by it.
func (o *Owner) Log() event.LogTime {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log
}

// Partition returns the number of the partition.
func (o *Owner) Partition() int32 { return o.partition }

// Full reports whether as much waits for a flush as may: fold no more until one is acknowledged.
func (o *Owner) Full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.full()
}

func (o *Owner) full() bool { return o.pending > 0 && o.pending >= o.room() }

// Revoke ends the assignment: a flush under way leaves out all later steps of this partition.
func (o *Owner) Revoke() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.revoked = true
}

func (o *Owner) isRevoked() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.revoked
}

// Progress says how far an owner is.
type Progress struct {
	Cut        int64 // of the last acknowledged flush, -1 before any
	Watermark  int64 // of it, Unix ms; 0 before any
	FreshAt    int64 // up to when the partition was read for what Current shows, Unix ms; 0 before any
	ShownNext  int64 // up to which offset
	ShownAtEnd bool  // whether that was the end of the partition
	Next       int64 // next offset to read
	AtEnd      bool  // nothing was waiting behind Next when it was last looked at
	Facts      int   // waiting for a flush
	Old        int   // of Facts: ratings more than an hour old on arrival, each of which may rewrite a hundred windows
	Bytes      int   // estimated memory of panes and of what waits
	Stats      Stats
}

// Progress returns how far the owner is.
func (o *Owner) Progress() Progress {
	o.mu.Lock()
	defer o.mu.Unlock()
	return Progress{Cut: o.cut, Watermark: max(o.watermark, 0), FreshAt: o.shownAt, ShownNext: o.shownNext, ShownAtEnd: o.shownEnd, Next: o.next, AtEnd: o.endAt > 0,
		Facts: len(o.facts) + o.awaited, Old: o.old, Bytes: o.pending + o.held(), Stats: o.stats}
}

// Current calls yield for every key and window of the current windows as of the last snapshot.
func (o *Owner) Current(yield func(k window.Key, name string, s *window.Sums)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range o.table.now {
		for i, w := range o.cfg.Grid.Windows {
			sums := o.table.current(window.KeyID(id), i)
			yield(o.keys.Key(window.KeyID(id)), w.Name, &sums)
		}
	}
}
