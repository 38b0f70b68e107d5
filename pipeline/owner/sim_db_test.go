package owner

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/window"
)

// simDB is what ClickHouse keeps of one partition: per key the highest version, of equal ones the last inserted.
type simDB struct {
	facts   map[simFactKey]fact.Fact
	panes   map[simPaneKey]PaneRow
	windows map[simWindowKey]WindowRow
	dead    map[int64]bool
	ckpt    map[int64]Checkpoint // at 0
	maxMark int64                // only for the trap halvesApart
	tokens  map[simToken]bool    // only for the trap additiveDeltas
}

type (
	simFactKey struct {
		pane window.Pane
		id   string
	}
	simPaneKey struct {
		pane window.Pane
		key  window.Key
	}
	simToken struct {
		key     simPaneKey
		version int64
	}
	simWindowKey struct {
		name string
		end  window.Pane
		key  window.Key
	}
)

// addOnce adds a delta unless its token, key and cut, was seen: the trap additiveDeltas.
func (d *simDB) addOnce(k simPaneKey, delta PaneRow) {
	token := simToken{k, delta.Version}
	if d.tokens[token] {
		return
	}
	d.tokens[token] = true
	row := d.panes[k]
	sums := row.Sums
	sums.Add(&delta.Sums)
	delta.Sums = sums
	d.panes[k] = delta
}

func newSimDB() *simDB {
	return &simDB{map[simFactKey]fact.Fact{}, map[simPaneKey]PaneRow{}, map[simWindowKey]WindowRow{}, map[int64]bool{}, map[int64]Checkpoint{}, neverMS, map[simToken]bool{}}
}

// paneKeys are in an order of their own, so that a seed always gives the same schedule.
func (d *simDB) paneKeys() []simPaneKey {
	return slices.SortedFunc(maps.Keys(d.panes), func(a, b simPaneKey) int {
		return cmp.Or(cmp.Compare(a.pane, b.pane), strings.Compare(a.key.Dimension, b.key.Dimension), strings.Compare(a.key.Value, b.key.Value))
	})
}

// reading is in place of the table while a read is under way.
const reading = "reading"

// insert is one insert under way: rows of one table, of several partitions.
type insert struct {
	table string
	rows  []any
}

func (s *sim) store(dbs []*simDB, in insert) {
	for _, r := range in.rows {
		switch r := r.(type) {
		case fact.Fact:
			d, k := dbs[r.Partition], simFactKey{r.Pane, r.Event.RatingID}
			if old, ok := d.facts[k]; !ok || r.Version >= old.Version {
				d.facts[k] = r
			}
		case PaneRow:
			d, k := dbs[r.Partition], simPaneKey{r.Pane, r.Key}
			if s.variant == additiveDeltas {
				d.addOnce(k, r)
				continue
			}
			if old, ok := d.panes[k]; !ok || r.Version >= old.Version {
				d.panes[k] = r
			}
		case WindowRow:
			d, k := dbs[r.Partition], simWindowKey{r.Window, r.End, r.Key}
			if old, ok := d.windows[k]; !ok || r.Version >= old.Version {
				d.windows[k] = r
			}
		case DeadLetter:
			dbs[r.Partition].dead[r.Offset] = true
		case Checkpoint:
			d := dbs[r.Partition]
			if old, ok := d.ckpt[0]; !ok || r.Version(&s.grid) >= old.Version(&s.grid) {
				d.ckpt[0] = r
			}
			d.maxMark = max(d.maxMark, r.Watermark)
		}
	}
}

// simStore is the Store and Sink of one process: each call is a step at which the schedule may go elsewhere, kill the
// process, or tear, delay and repeat the insert.
type simStore struct {
	p *proc
}

func (st simStore) Checkpoints(_ context.Context, parts []int32) (map[int32]Checkpoint, error) {
	out := map[int32]Checkpoint{}
	for _, p := range parts {
		if c, ok := st.p.sim.db[p].ckpt[0]; ok {
			if st.p.sim.variant == halvesApart {
				c.Watermark = st.p.sim.db[p].maxMark
			}
			out[p] = c
		}
	}
	return out, st.p.pause(insert{table: reading})
}

func (st simStore) Clock(context.Context) (int64, error) { return st.p.sim.storeClock(), nil }

func (st simStore) Arrivals(context.Context, int32, int64, func(int64, Arrival)) error { return nil }

func (st simStore) read(p int32) *simDB {
	if st.p.sim.variant == laggingReplica {
		return st.p.sim.replica[p]
	}
	return st.p.sim.db[p]
}

func (st simStore) KnownPanes(_ context.Context, p int32, yield func(window.Pane)) error {
	for k := range st.read(p).facts {
		yield(k.pane)
	}
	for k := range st.read(p).panes {
		yield(k.pane)
	}
	return st.p.pause(insert{table: reading})
}

func (st simStore) PaneSums(_ context.Context, p int32, from, to window.Pane, keys []window.Key, yield func(window.Pane, window.Key, *window.Sums)) error {
	for _, k := range st.read(p).paneKeys() {
		if k.pane >= from && k.pane < to && (keys == nil || slices.Contains(keys, k.key)) {
			sums := st.read(p).panes[k].Sums
			yield(k.pane, k.key, &sums)
		}
	}
	return st.p.pause(insert{table: reading})
}

func (st simStore) PageFacts(_ context.Context, p int32, panes []window.Pane, yield func(window.Pane, *event.Event, uint64)) error {
	if err := st.p.meanwhile(); err != nil {
		return err
	}
	facts := st.read(p).facts
	for _, k := range slices.SortedFunc(maps.Keys(facts), func(a, b simFactKey) int { return strings.Compare(a.id, b.id) }) {
		if f := facts[k]; slices.Contains(panes, k.pane) {
			yield(k.pane, &f.Event, f.Version)
		}
	}
	return st.p.pause(insert{table: reading})
}

func (st simStore) PageKeys(_ context.Context, p int32, panes []window.Pane, yield func(window.Pane, window.Key)) error {
	for _, k := range st.read(p).paneKeys() {
		if slices.Contains(panes, k.pane) {
			yield(k.pane, k.key)
		}
	}
	return st.p.pause(insert{table: reading})
}

func (st simStore) InsertFacts(_ context.Context, rows []fact.Fact) error {
	return simInsert(st.p, "facts", rows)
}
func (st simStore) InsertPanes(_ context.Context, rows []PaneRow) error {
	if st.p.sim.variant == additiveDeltas {
		rows = st.p.deltas(rows)
	}
	return simInsert(st.p, "panes", rows)
}
func (st simStore) InsertWindows(_ context.Context, rows []WindowRow) error {
	return simInsert(st.p, "windows", rows)
}
func (st simStore) InsertDeadLetters(_ context.Context, rows []DeadLetter) error {
	return simInsert(st.p, "dead", rows)
}
func (st simStore) InsertCheckpoints(_ context.Context, rows []Checkpoint) error {
	return simInsert(st.p, "ckpt", rows)
}

func simInsert[T any](p *proc, table string, rows []T) error {
	in := insert{table: table}
	for _, r := range rows {
		in.rows = append(in.rows, r)
	}
	if err := p.meanwhile(); err != nil {
		return err
	}
	return p.pause(in)
}

// deltas are what the rows add to what this process found stored or wrote last: the trap additiveDeltas.
func (p *proc) deltas(rows []PaneRow) []PaneRow {
	type key struct {
		partition int32
		at        simPaneKey
	}
	if p.written == nil {
		p.written = map[any]window.Sums{}
	}
	out := slices.Clone(rows)
	for i := range out {
		k := key{out[i].Partition, simPaneKey{out[i].Pane, out[i].Key}}
		last, ok := p.written[k]
		if !ok {
			last = p.sim.db[k.partition].panes[k.at].Sums
		}
		p.written[k] = out[i].Sums
		out[i].Sums.Sub(&last)
	}
	return out
}
