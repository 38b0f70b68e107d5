package owner

import (
	"slices"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
)

// Snapshot is what one flush writes for one partition: everything up to Cut, with the watermark captured together with it.
type Snapshot struct {
	o         *Owner
	Cut       int64 // next offset to read
	Watermark int64 // Unix ms
	FreshAt   int64 // Unix ms
	Log       event.LogTime
	Facts     []fact.Fact
	Dead      []DeadLetter

	read    bool  // whether there is anything to checkpoint
	now     int64 // Unix ms
	last    logid.Mark
	version int64 // of pane and window rows
	since   window.Pane
	closed  window.Pane                    // windows that end by this pane have closed
	panes   []window.Pane                  // touched, ascending
	keys    map[window.Pane][]window.KeyID // of each touched pane, all of them
	waiting map[window.Pane][]fact.Fact    // that settle has to fold yet
	renewed bool                           // which panes are hot was decided anew
	bytes   int
}

// Snapshot takes what has been folded since the last one, replaces the sums of the touched panes in the table, and moves
// the current windows to now, the clock in Unix ms.
func (o *Owner) Snapshot(now int64) *Snapshot {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.foldWaiting()
	s := &Snapshot{o: o, Cut: o.next, Watermark: o.mark(now), FreshAt: int64(o.log), Log: o.log, Facts: o.facts, Dead: o.dead, waiting: o.waiting, bytes: o.pending,
		read: o.read, now: now, last: o.last}
	if o.endAt > 0 {
		s.FreshAt = o.endAt
	}
	s.since, s.closed = o.cfg.Grid.PaneOf(o.watermark), o.cfg.Grid.PaneOf(s.Watermark)
	if o.cfg.Fault.has(WatermarkFalls) {
		s.since = o.cfg.Grid.PaneOf(o.highest())
	}
	s.version = s.Cut
	if o.cfg.Fault.has(GenerationInVersion) {
		s.version += o.generation << 40
	}
	if o.cfg.Fault.has(WaitingPassed) {
		s.waiting = nil
	} else {
		o.waiting, o.awaited = map[window.Pane][]fact.Fact{}, 0
	}
	o.facts, o.dead, o.old = nil, nil, 0
	o.shownAt, o.shownNext, o.shownEnd = s.FreshAt, s.Cut, o.endAt > 0
	s.takePanes()
	o.table.advance(o.cfg.Grid.PaneOf(now), o.floor)
	return s
}

// takePanes takes every touched pane.
func (s *Snapshot) takePanes() {
	s.keys = map[window.Pane][]window.KeyID{}
	s.renewed = s.o.taken >= hotFacts
	if s.renewed {
		s.o.records, s.o.taken = s.o.taken, 0
	}
	for p, pn := range s.o.panes {
		if pn.touched {
			s.take(p, pn)
		} else if s.renewed {
			pn.recent, pn.hits = pn.hits, 0
		}
	}
	slices.Sort(s.panes)
}

// take replaces the pane's sums in the table and remembers which keys to write.
func (s *Snapshot) take(p window.Pane, pn *pane) {
	o := s.o
	pn.touched, pn.flying = false, true
	if s.renewed {
		pn.recent, pn.hits = pn.hits, 0
	}
	if o.cfg.Fault.has(ChangedPanesOnly) && !pn.changed {
		return
	}
	pn.changed = false
	s.panes = append(s.panes, p)
	s.keys[p] = o.takePane(p, pn)
}

// takePane replaces the pane's sums in the table and returns the keys to write.
func (o *Owner) takePane(p window.Pane, pn *pane) []window.KeyID {
	keys := slices.Clone(pn.sums.keys)
	if !o.cfg.Fault.has(DeltaSums) {
		for place, k := range keys {
			o.table.set(p, k, pn.sums.at(place))
		}
	}
	slices.Sort(keys) // a pane's rows are always in one order
	if pn.named != nil {
		keys = slices.DeleteFunc(keys, func(k window.KeyID) bool { _, ok := pn.named[k]; return !ok })
		pn.named = nil
	}
	return keys
}

// mark returns the watermark, which never falls in an owner: as far as the newest rating or, at the end of the partition,
// the clock vouches for. A rating that is ahead of the clock does not move it beyond the clock.
func (o *Owner) mark(now int64) int64 {
	late := o.cfg.Lateness.Milliseconds()
	w := min(o.newest, o.vouched(now)) - late
	if o.cfg.Fault.has(WatermarkAhead) {
		w = o.newest - late
	}
	if o.endAt > 0 {
		w = max(w, o.endAt-late)
	}
	if o.cfg.Fault.has(WatermarkFalls) {
		if o.endAt > 0 {
			return o.endAt - late
		}
		return w
	}
	return max(w, o.watermark)
}

// highest is the greatest watermark acknowledged; it differs from the last one only under WatermarkFalls.
func (o *Owner) highest() int64 { return max(o.watermark, o.fallen) }

// Due says whether the snapshot has anything to write: records, or a window that closed.
func (s *Snapshot) Due() bool {
	return s.Cut != max(s.o.cut, 0) || s.closed != s.since || len(s.panes) > 0 || len(s.Facts) > 0 || len(s.waiting) > 0 // copied and frozen ones move neither
}

// eachPane calls yield for every row of the touched panes.
func (s *Snapshot) eachPane(yield func(*PaneRow) error) error {
	row := PaneRow{Partition: s.o.partition, Version: s.version}
	for _, p := range s.panes {
		row.Pane = p
		for _, k := range s.keys[p] {
			row.Key, row.Sums = s.o.key(k), s.o.table.row(k).get(p)
			if s.o.cfg.Fault.has(DeltaSums) {
				row.Sums = s.o.paneSums(p, k)
			}
			if err := yield(&row); err != nil {
				return err
			}
		}
	}
	return nil
}

// paneSums is what the pane in memory says; only under DeltaSums does that differ from the table.
func (o *Owner) paneSums(p window.Pane, k window.KeyID) window.Sums {
	o.mu.Lock()
	defer o.mu.Unlock()
	sums := &o.panes[p].sums
	return sums.at(sums.place(k))
}

// key returns the key with the number; keys are numbered by Fold too.
func (o *Owner) key(k window.KeyID) window.Key {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keys.Key(k)
}

// mark returns what tells the record before the cut from another one.
func (s *Snapshot) mark() logid.Mark {
	if s.o.cfg.Fault.has(MarkForgotten) {
		return logid.Mark{}
	}
	return s.last
}

// checkpoint returns the row that makes the flush count.
func (s *Snapshot) checkpoint() Checkpoint {
	w := s.Watermark
	if s.o.cfg.Fault.has(WatermarkReread) {
		s.o.mu.Lock()
		w = s.o.mark(s.now)
		s.o.mu.Unlock()
	}
	return Checkpoint{Partition: s.o.partition, Cut: s.Cut, Watermark: w, FreshAt: s.FreshAt, Log: s.Log, Topic: s.o.cfg.Topic, Last: s.mark(),
		Definition: s.o.cfg.Definition, Owner: s.o.cfg.ID}
}

// acked takes the acknowledgement of the whole flush: its panes may be evicted, its cut is the checkpoint.
func (s *Snapshot) acked(now int64) {
	o := s.o
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, pn := range o.panes {
		pn.flying = false // flushes do not overlap: what flew, flew in this one
	}
	if !o.cfg.Fault.has(KnownNotAdvanced) {
		for _, p := range s.panes {
			o.known.add(p)
		}
	}
	o.fallen = max(o.fallen, o.watermark)
	o.cut, o.watermark = s.Cut, s.Watermark
	o.pending -= s.bytes
	o.prune(s, now)
	o.sweep()
	o.evict(o.panesLimit())
}

// prune moves the floor of the table up, a day at a time, and forgets older panes that this flush brought in.
func (o *Owner) prune(s *Snapshot, now int64) {
	floor := o.cfg.floor(o.watermark, now)
	old := len(s.panes) > 0 && s.panes[0] < o.floor
	if day := window.Pane(86_400_000 / o.cfg.Grid.PaneMS); old || o.floor == never || floor > o.floor+day {
		o.floor = max(o.floor, floor)
		o.table.prune(o.floor)
	}
}
