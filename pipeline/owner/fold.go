package owner

import (
	"unsafe"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/window"
)

// Record is one record after admission: an event, or the dead letter that it became.
type Record struct {
	Offset    int64
	Timestamp int64 // Unix ms
	Event     event.Event
	Rejected  *DeadLetter
	Bytes     int  // of the record, which the event's strings keep alive
	Copied    bool // a fact of another epoch: folded whatever its offset, which is not the next one to read
}

// Fold takes the records into the panes they belong to. One whose pane is known and not in memory waits for the next
// flush, which reads the pane back first. Fold stops early when the memory is used up, and returns how many records it
// took; call it again with the rest after a flush. A record below the next offset is passed over, unless it is copied.
func (o *Owner) Fold(records []Record) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range records {
		if o.full() {
			return i
		}
		if r := &records[i]; r.Copied || r.Offset >= o.next {
			o.fold(r)
		}
	}
	return len(records)
}

// AtEnd notes that the partition was read to its end at the time, Unix ms, up to the offset next. At the time 0 it only
// sets the offset, for facts that are copied.
func (o *Owner) AtEnd(next, at int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if next >= o.next {
		o.next, o.endAt = next, at
	}
}

func (o *Owner) fold(r *Record) {
	if !r.Copied {
		o.next, o.endAt = r.Offset+1, 0
	}
	o.timestamp = r.Timestamp
	o.stats.Consumed++
	if r.Rejected != nil {
		o.stats.Rejected++
		o.dead = append(o.dead, *r.Rejected)
		o.pending += r.Rejected.bytes()
		return
	}
	o.stats.Admitted++
	o.admit(r)
}

func (o *Owner) admit(r *Record) {
	e := &r.Event
	o.newest = max(o.newest, e.OccurredAt)
	if e.OccurredAt < o.watermark {
		o.stats.Late++
	}
	if e.Op == event.Erase {
		o.stats.Erasures++
	}
	if r.Timestamp-e.OccurredAt > 3_600_000 {
		o.old++
	}
	o.taken++
	p, frozen := o.eventPane(e, r.Timestamp)
	f := fact.New(e, o.partition, r.Offset, r.Timestamp, p)
	switch {
	case frozen:
		o.stats.Frozen++
		o.keep(f, r.Bytes)
	case o.panes[p] == nil && o.known.has(p):
		o.await(f, r.Bytes)
	case o.apply(&f):
		o.keep(f, r.Bytes)
	}
}

// keep adds a fact to those that wait for the flush.
func (o *Owner) keep(f fact.Fact, bytes int) {
	o.facts = append(o.facts, f)
	o.pending += bytes + factBytes
}

// await adds a fact to those that wait for their pane.
func (o *Owner) await(f fact.Fact, bytes int) {
	o.waiting[f.Pane] = append(o.waiting[f.Pane], f)
	o.awaited++
	o.pending += bytes + factBytes
}

// factBytes is what a fact takes while it waits, beside the record that its strings point into: its place in a slice that
// grows by doubling.
const factBytes = 3 * int(unsafe.Sizeof(fact.Fact{})) / 2

// apply folds the fact into its pane, which is in memory or known to be empty, and reports whether it is the last word; if
// not, its winner is stored, or waits already.
func (o *Owner) apply(f *fact.Fact) bool {
	pn, before := o.panes[f.Pane], 0
	if pn == nil {
		pn = o.newPane()
		o.panes[f.Pane] = pn
	} else {
		before = pn.bytes()
	}
	out := pn.apply(o, f.Pane, f)
	o.inPanes += pn.bytes() - before
	o.count(f, out)
	return out.won
}

func (o *Owner) count(f *fact.Fact, out outcome) {
	switch {
	case !out.seen:
	case f.Version == out.old:
		o.stats.Replayed++
	case out.won && f.Event.Op == event.Put && f.Event.Revision > fact.Revision(out.old):
		o.stats.Corrections++
	case f.Event.Op == event.Put:
		o.stats.Duplicates++
	}
}

// eventPane returns the pane of the event and whether it is frozen for a record with the timestamp.
func (o *Owner) eventPane(e *event.Event, timestamp int64) (window.Pane, bool) {
	p := o.cfg.Grid.PaneOf(e.OccurredAt)
	return p, o.cfg.Retention > 0 && p < o.cfg.Grid.PaneOf(timestamp-o.cfg.Retention.Milliseconds())
}
