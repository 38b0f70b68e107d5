package owner_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

// fatal is a test, or a run of rapid.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig is a processor of one epoch in the memory store: it owns all partitions of a log.
type rig struct {
	t      fatal
	def    *window.Definition
	events event.Config
	cfg    *owner.Config
	store  *sinktest.Memory
	owners []*owner.Owner
	flush  owner.Flusher
}

func newRig(t fatal, def *window.Definition, events event.Config, store *sinktest.Memory, maxBytes int) *rig {
	admission := admit.DefaultConfig()
	cfg := &owner.Config{Grid: def.Grid(), Bands: def.Bands, Attributes: events.Attributes, Metrics: len(def.Quality), Definition: def.Hash(), ID: "test",
		Lateness: 2 * time.Minute, Retention: admission.Retention, MaxBytes: maxBytes}
	return &rig{t: t, def: def, events: events, cfg: cfg, store: store, flush: owner.Flusher{Store: store, Sink: store, BlockRows: 500}}
}

// assign begins anew at the checkpoints, with an empty memory.
func (r *rig) assign(now int64) {
	r.t.Helper()
	r.owners = nil
	for p := range r.def.Partitions {
		o, err := owner.Assign(context.Background(), r.cfg, r.store, int32(p), now)
		if err != nil {
			r.t.Fatalf("%v", err)
		}
		r.owners = append(r.owners, o)
	}
}

// next returns the offset at which the partition goes on.
func (r *rig) next(partition int32) int64 { return r.owners[partition].Progress().Next }

// fold takes records of one partition, with flushes where the memory is used up.
func (r *rig) fold(partition int32, records []owner.Record, now int64) {
	r.t.Helper()
	for len(records) > 0 {
		n := r.owners[partition].Fold(records)
		if records = records[n:]; len(records) > 0 {
			r.write(now, false)
		}
	}
}

// write is a flush.
func (r *rig) write(now int64, beat bool) {
	r.t.Helper()
	if _, err := r.flush.Flush(context.Background(), r.owners, now, beat); err != nil {
		r.t.Fatalf("%v", err)
	}
}

// end flushes everything at the end of the partitions, seen at the time.
func (r *rig) end(at int64) {
	for _, o := range r.owners {
		o.AtEnd(o.Progress().Next, at)
	}
	r.write(at, true)
}

// checkpoints of all partitions.
func (r *rig) checkpoints() map[int32]owner.Checkpoint {
	r.t.Helper()
	all := make([]int32, r.def.Partitions)
	for p := range all {
		all[p] = int32(p)
	}
	found, err := r.store.Checkpoints(context.Background(), all)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	return found
}

// row names a row of panes or windows.
type row struct {
	partition int32
	window    string // empty for panes
	at        window.Pane
	key       window.Key
}

// sums are the rows of panes, and of windows up to the watermarks, that are not all zero.
func sums(store *sinktest.Memory, upTo map[int32]window.Pane) map[row]window.Sums {
	rows := map[row]window.Sums{}
	for _, p := range store.Panes() {
		rows[row{p.Partition, "", p.Pane, p.Key}] = p.Sums
	}
	for _, w := range store.Windows() {
		if w.End <= upTo[w.Partition] {
			rows[row{w.Partition, w.Window, w.End, w.Key}] = w.Sums
		}
	}
	maps.DeleteFunc(rows, func(_ row, s window.Sums) bool { return s.IsZero() })
	return rows
}

// copied are the facts of a store below its cuts, as they are folded into another epoch, in order of time.
func copied(store *sinktest.Memory, cuts map[int32]owner.Checkpoint) []fact.Fact {
	facts := slices.DeleteFunc(store.Facts(), func(f fact.Fact) bool { return f.Offset >= cuts[f.Partition].Cut })
	slices.SortStableFunc(facts, func(a, b fact.Fact) int { return int(a.Event.OccurredAt - b.Event.OccurredAt) })
	return facts
}

// withoutCheckpoints holds checkpoints back until all is written.
type withoutCheckpoints struct {
	owner.Sink
	all bool
}

func (s *withoutCheckpoints) InsertCheckpoints(ctx context.Context, rows []owner.Checkpoint) error {
	if !s.all {
		return nil
	}
	return s.Sink.InsertCheckpoints(ctx, rows)
}
