package sinktest

import (
	"context"
	"slices"
	"sync"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// Names of the Sink's calls, as Memory.Fault is told them.
const (
	Facts       = "facts"
	Panes       = "panes"
	Windows     = "windows"
	DeadLetters = "dead letters"
	Checkpoints = "checkpoints"
)

// Memory is an owner.Store and owner.Sink of one epoch that keeps its rows in maps: per key the highest version, of equal
// versions the one inserted last. It is safe for concurrent use.
type Memory struct {
	// Fault, when set, is asked before rows are stored: it returns how many of them are kept (the first ones) and the
	// error that the call then returns. Set it before the first call.
	Fault func(call string, rows int) (kept int, err error)

	grid window.Grid

	mu          sync.Mutex
	facts       map[factKey]fact.Fact
	panes       map[paneKey]owner.PaneRow
	windows     map[windowKey]owner.WindowRow
	deadLetters map[deadKey]owner.DeadLetter
	checkpoints map[int32]owner.Checkpoint
}

var (
	_ owner.Store = (*Memory)(nil)
	_ owner.Sink  = (*Memory)(nil)
)

type factKey struct {
	partition int32
	pane      window.Pane
	id        string
}

type paneKey struct {
	partition int32
	pane      window.Pane
	key       window.Key
}

type windowKey struct {
	partition int32
	window    string
	end       window.Pane
	key       window.Key
}

type deadKey struct {
	partition int32
	offset    int64
}

// NewMemory returns an empty store for an epoch of the definition.
func NewMemory(def *window.Definition) *Memory {
	return &Memory{
		grid:        def.Grid(),
		facts:       map[factKey]fact.Fact{},
		panes:       map[paneKey]owner.PaneRow{},
		windows:     map[windowKey]owner.WindowRow{},
		deadLetters: map[deadKey]owner.DeadLetter{},
		checkpoints: map[int32]owner.Checkpoint{},
	}
}

// Checkpoints returns the checkpoints that exist of the partitions.
func (m *Memory) Checkpoints(ctx context.Context, partitions []int32) (map[int32]owner.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[int32]owner.Checkpoint{}
	for _, p := range partitions {
		if c, ok := m.checkpoints[p]; ok {
			found[p] = c
		}
	}
	return found, ctx.Err()
}

// Clock returns this process's clock.
func (m *Memory) Clock(ctx context.Context) (int64, error) { return time.Now().UnixMilli(), ctx.Err() }

// Arrivals calls yield for the dead letters of the partition from the offset on.
func (m *Memory) Arrivals(ctx context.Context, partition int32, from int64, yield func(int64, owner.Arrival)) error {
	m.mu.Lock()
	found := map[int64]owner.Arrival{}
	for k, d := range m.deadLetters {
		if k.partition == partition && k.offset >= from {
			found[k.offset] = owner.Arrival{At: d.Arrived, Reason: d.Reason}
		}
	}
	m.mu.Unlock()
	for offset, a := range found {
		yield(offset, a)
	}
	return ctx.Err()
}

// KnownPanes calls yield for every pane that holds a fact or a pane row of the partition.
func (m *Memory) KnownPanes(ctx context.Context, partition int32, yield func(window.Pane)) error {
	m.mu.Lock()
	panes := map[window.Pane]bool{}
	for k := range m.facts {
		if k.partition == partition {
			panes[k.pane] = true
		}
	}
	for k := range m.panes {
		if k.partition == partition {
			panes[k.pane] = true
		}
	}
	m.mu.Unlock()
	for p := range panes {
		yield(p)
	}
	return ctx.Err()
}

// PaneSums calls yield for the stored rows with from ≤ pane < to.
func (m *Memory) PaneSums(ctx context.Context, partition int32, from, to window.Pane, keys []window.Key, yield func(window.Pane, window.Key, *window.Sums)) error {
	rows := m.paneRows(func(r *owner.PaneRow) bool {
		return r.Partition == partition && r.Pane >= from && r.Pane < to && (keys == nil || slices.Contains(keys, r.Key))
	})
	for i := range rows {
		yield(rows[i].Pane, rows[i].Key, &rows[i].Sums)
	}
	return ctx.Err()
}

// PageFacts calls yield for the last version of every fact of the panes, with the fields that a page-in reads only.
func (m *Memory) PageFacts(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, *event.Event, uint64)) error {
	facts := m.selectFacts(func(f *fact.Fact) bool { return f.Partition == partition && slices.Contains(panes, f.Pane) })
	for i := range facts {
		e := Paged(&facts[i].Event)
		yield(facts[i].Pane, &e, facts[i].Version)
	}
	return ctx.Err()
}

// PageKeys calls yield for every stored pane row's key of the panes.
func (m *Memory) PageKeys(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, window.Key)) error {
	rows := m.paneRows(func(r *owner.PaneRow) bool { return r.Partition == partition && slices.Contains(panes, r.Pane) })
	for i := range rows {
		yield(rows[i].Pane, rows[i].Key)
	}
	return ctx.Err()
}

// InsertFacts stores the rows.
func (m *Memory) InsertFacts(ctx context.Context, rows []fact.Fact) error {
	return insert(ctx, m, Facts, rows, func(f fact.Fact) {
		f.Event = cloneEvent(&f.Event)
		k := factKey{f.Partition, f.Pane, f.Event.RatingID}
		if old, ok := m.facts[k]; !ok || f.Version >= old.Version {
			m.facts[k] = f
		}
	})
}

// InsertPanes stores the rows.
func (m *Memory) InsertPanes(ctx context.Context, rows []owner.PaneRow) error {
	return insert(ctx, m, Panes, rows, func(r owner.PaneRow) {
		r.Key = cloneKey(r.Key)
		k := paneKey{r.Partition, r.Pane, r.Key}
		if old, ok := m.panes[k]; !ok || r.Version >= old.Version {
			m.panes[k] = r
		}
	})
}

// InsertWindows stores the rows.
func (m *Memory) InsertWindows(ctx context.Context, rows []owner.WindowRow) error {
	return insert(ctx, m, Windows, rows, func(r owner.WindowRow) {
		r.Key = cloneKey(r.Key)
		k := windowKey{r.Partition, r.Window, r.End, r.Key}
		if old, ok := m.windows[k]; !ok || r.Version >= old.Version {
			m.windows[k] = r
		}
	})
}

// InsertDeadLetters stores the rows.
func (m *Memory) InsertDeadLetters(ctx context.Context, rows []owner.DeadLetter) error {
	return insert(ctx, m, DeadLetters, rows, func(r owner.DeadLetter) {
		m.deadLetters[deadKey{r.Partition, r.Offset}] = cloneDeadLetter(r)
	})
}

// InsertCheckpoints stores the rows.
func (m *Memory) InsertCheckpoints(ctx context.Context, rows []owner.Checkpoint) error {
	return insert(ctx, m, Checkpoints, rows, func(c owner.Checkpoint) {
		if old, ok := m.checkpoints[c.Partition]; !ok || c.Version(&m.grid) >= old.Version(&m.grid) {
			m.checkpoints[c.Partition] = c
		}
	})
}

func insert[R any](ctx context.Context, m *Memory, call string, rows []R, store func(R)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var fault error
	if m.Fault != nil {
		kept, err := m.Fault(call, len(rows))
		rows, fault = rows[:kept], err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		store(r)
	}
	return fault
}
