package owner

import (
	"context"
	"fmt"

	"satisflow/pipeline/fact"
)

// Flusher writes flushes: of several partitions at once, one insert per table and block, each partition at its own cut.
// Its Flush must not be called concurrently.
type Flusher struct {
	Store     Store
	Sink      Sink // retries until it succeeds, the context ends, or no retry can mend it
	BlockRows int  // rows per insert at most
	Fault     Fault

	facts   []fact.Fact
	panes   []PaneRow
	windows []WindowRow
}

// Flush takes a snapshot of every owner at now (Unix ms), writes those that have anything to write, or all that were read
// when beat is set, and returns the checkpoints it made durable: the offsets to commit. After an error the owners of the flush
// are revoked, as what it took from them may not be durable: assign anew.
func (f *Flusher) Flush(ctx context.Context, owners []*Owner, now int64, beat bool) ([]Checkpoint, error) {
	var snaps []*Snapshot
	for _, o := range owners {
		if o.isRevoked() {
			continue
		}
		if s := o.Snapshot(now); s.read && (beat || s.Due()) {
			snaps = append(snaps, s)
		}
	}
	if len(snaps) == 0 {
		return nil, nil
	}
	if err := f.write(ctx, snaps); err != nil {
		for _, s := range snaps {
			if !f.Fault.has(FailedKept) {
				s.o.Revoke()
			}
		}
		return nil, err
	}
	var done []Checkpoint
	for _, s := range f.live(snaps) {
		s.acked(now)
		done = append(done, s.checkpoint())
	}
	return done, nil
}

// write takes the steps of a flush in their order.
func (f *Flusher) write(ctx context.Context, snaps []*Snapshot) error {
	steps := []func(context.Context, []*Snapshot) error{f.settle, f.writeFacts, f.writePanes, f.writeWindows, f.writeDead}
	if f.Fault.has(CheckpointFirst) {
		steps[3], steps[4] = f.writeCheckpoints, f.writeWindows
	} else {
		steps = append(steps, f.writeCheckpoints)
	}
	for i, step := range steps {
		rows := f.live(snaps)
		if i == len(steps)-1 && f.Fault.has(RevokedCheckpoint) {
			rows = snaps
		}
		if err := step(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// live leaves out the partitions that were revoked meanwhile.
func (f *Flusher) live(snaps []*Snapshot) (left []*Snapshot) {
	for _, s := range snaps {
		if !s.o.isRevoked() {
			left = append(left, s)
		}
	}
	return left
}

// settle folds what waited for its pane.
func (f *Flusher) settle(ctx context.Context, snaps []*Snapshot) error {
	for _, s := range snaps {
		if err := s.settle(ctx, f.Store); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flusher) writeFacts(ctx context.Context, snaps []*Snapshot) error {
	f.facts = f.facts[:0]
	for _, s := range snaps {
		s.o.wrote(func(st *Stats) { st.FactRows += int64(len(s.Facts)) })
		for i := range s.Facts {
			f.facts = append(f.facts, s.Facts[i])
			if err := spill(ctx, &f.facts, f.BlockRows, f.Sink.InsertFacts); err != nil {
				return fmt.Errorf("insert facts: %w", err)
			}
		}
	}
	if err := spill(ctx, &f.facts, 1, f.Sink.InsertFacts); err != nil {
		return fmt.Errorf("insert facts: %w", err)
	}
	return nil
}

func (f *Flusher) writePanes(ctx context.Context, snaps []*Snapshot) error {
	f.panes = f.panes[:0]
	for _, s := range snaps {
		n := int64(0)
		err := s.eachPane(func(r *PaneRow) error {
			n++
			f.panes = append(f.panes, *r)
			return spill(ctx, &f.panes, f.BlockRows, f.Sink.InsertPanes)
		})
		if err != nil {
			return fmt.Errorf("insert panes: %w", err)
		}
		s.o.wrote(func(st *Stats) { st.PaneRows += n })
	}
	if err := spill(ctx, &f.panes, 1, f.Sink.InsertPanes); err != nil {
		return fmt.Errorf("insert panes: %w", err)
	}
	return nil
}

func (f *Flusher) writeWindows(ctx context.Context, snaps []*Snapshot) error {
	f.windows = f.windows[:0]
	for _, s := range snaps {
		n := int64(0)
		err := s.eachWindow(ctx, f.Store, func(r *WindowRow) error {
			n++
			f.windows = append(f.windows, *r)
			return spill(ctx, &f.windows, f.BlockRows, f.Sink.InsertWindows)
		})
		if err != nil {
			return fmt.Errorf("insert windows: %w", err)
		}
		s.o.wrote(func(st *Stats) { st.WindowRows += n })
	}
	if err := spill(ctx, &f.windows, 1, f.Sink.InsertWindows); err != nil {
		return fmt.Errorf("insert windows: %w", err)
	}
	return nil
}

func (f *Flusher) writeDead(ctx context.Context, snaps []*Snapshot) error {
	var rows []DeadLetter
	bytes := 0
	for _, s := range snaps {
		for i := range s.Dead {
			rows = append(rows, s.Dead[i])
			limit := f.BlockRows
			if bytes += s.Dead[i].bytes(); bytes >= deadBytes {
				limit, bytes = 1, 0
			}
			if err := spill(ctx, &rows, limit, f.Sink.InsertDeadLetters); err != nil {
				return fmt.Errorf("insert dead letters: %w", err)
			}
		}
	}
	if err := spill(ctx, &rows, 1, f.Sink.InsertDeadLetters); err != nil {
		return fmt.Errorf("insert dead letters: %w", err)
	}
	return nil
}

// deadBytes bounds the dead letters of one insert, which is made of several copies of them: each may be as large as a
// record can be.
const deadBytes = 8 << 20

func (f *Flusher) writeCheckpoints(ctx context.Context, snaps []*Snapshot) error {
	var rows []Checkpoint
	for _, s := range snaps {
		rows = append(rows, s.checkpoint())
	}
	if len(rows) == 0 {
		return nil
	}
	if err := f.Sink.InsertCheckpoints(ctx, rows); err != nil {
		return fmt.Errorf("insert checkpoints: %w", err)
	}
	return nil
}

// spill inserts the rows when there are at least limit of them, and empties the slice for reuse.
func spill[T any](ctx context.Context, rows *[]T, limit int, insert func(context.Context, []T) error) error {
	if len(*rows) < limit {
		return nil
	}
	if err := insert(ctx, *rows); err != nil {
		return err
	}
	clear(*rows) // let go of the records' bytes
	*rows = (*rows)[:0]
	return nil
}

func (o *Owner) wrote(add func(*Stats)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	add(&o.stats)
}
