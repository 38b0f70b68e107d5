package owner

import (
	"slices"
	"unsafe"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
)

// Record is one record after admission: an event, or the dead letter that it became.
type Record struct {
	Offset    int64
	Timestamp int64               // Unix ms
	Mark      logid.Mark          // what tells it from another record at its offset
	Log       event.LogTime       // of the partition after the record; 0 means that the timestamp says it
	Read      event.ProcessorTime // when it was read; 0 when unknown
	Event     event.Event
	Rejected  *DeadLetter
	Timed     bool // rejected by a clock: Event is whole, and an earlier reading of the record may have admitted it
	Bytes     int  // of the record, which the event's strings keep alive
	Copied    bool // a fact of another epoch: folded whatever its offset, which is not the next one to read
}

// log is the time of the log after the record.
func (r *Record) log() event.LogTime {
	if r.Log == 0 {
		return event.LogTime(r.Timestamp)
	}
	return r.Log
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
// sets the offset, for facts that are copied. What comes later was appended later, so the log's time follows; of this
// process's clock and the store's the one that is behind counts.
func (o *Owner) AtEnd(next, at int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.read = true
	if next >= o.next {
		o.next, o.endAt = next, o.vouched(at)
		o.log = max(o.log, event.LogTime(o.endAt))
	}
}

func (o *Owner) fold(r *Record) {
	if !r.Copied {
		o.next, o.endAt, o.last = r.Offset+1, 0, r.Mark
	}
	o.read, o.log = true, max(o.log, r.log())
	o.stats.Consumed++
	if r.Rejected != nil {
		o.stats.Rejected++
		o.dead = append(o.dead, *r.Rejected)
		o.pending += r.Rejected.bytes()
		o.touch(r)
		return
	}
	o.stats.Admitted++
	o.admit(r)
}

// touch lets the flush rewrite the pane of a record that a clock rejected, where anything is stored of it: an earlier
// reading, by another clock, may have admitted the record and left its fact, in no sum yet.
func (o *Owner) touch(r *Record) {
	if !r.Timed || o.cfg.Fault.has(RejectedUntouched) {
		return
	}
	p, frozen := o.eventPane(r)
	switch {
	case frozen:
	case o.panes[p] != nil:
		o.panes[p].touched = true
	case o.known.has(p):
		o.waiting[p] = slices.Clip(o.waiting[p]) // without a fact: the pane is read back all the same
	}
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
	p, frozen := o.eventPane(r)
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

// eventPane returns the pane of the record's event and whether it is frozen: older than the retention by the log's time,
// this process's clock or the store's, so that its facts may be gone.
func (o *Owner) eventPane(r *Record) (window.Pane, bool) {
	p := o.cfg.Grid.PaneOf(r.Event.OccurredAt)
	if o.cfg.Retention <= 0 || o.cfg.Fault.has(NeverFrozen) {
		return p, false
	}
	at := int64(r.log())
	switch {
	case o.cfg.Fault.has(FrozenByRecord):
		at = r.Timestamp
	case r.Read > 0:
		at = max(at, int64(r.Read)+max(0, o.apart))
	}
	return p, p < o.cfg.Grid.PaneOf(at-o.cfg.Retention.Milliseconds())
}
