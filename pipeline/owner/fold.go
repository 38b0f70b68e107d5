package owner

import (
	"context"
	"fmt"

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

// Fold takes the records into the panes they belong to, reading panes that are not in memory from the store first. It
// stops early when the memory is used up, and returns how many records it took; call it again with the rest after a flush.
// A record below the next offset is passed over, unless it is copied.
func (o *Owner) Fold(ctx context.Context, st Store, records []Record) (int, error) {
	taken := 0
	for taken < len(records) {
		if o.Full() && taken+o.inFlight() > 0 {
			return taken, nil
		}
		n, missing := o.foldWhile(records[taken:])
		taken += n
		if len(missing) == 0 {
			continue
		}
		if err := o.pageIn(ctx, st, missing); err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// inFlight counts what a flush could free: with nothing to wait for, a full owner must go on all the same.
func (o *Owner) inFlight() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.facts) + len(o.dead)
	for _, p := range o.panes {
		if p.touched || p.flying {
			n++
		}
	}
	return n
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

// foldWhile folds records until one needs a pane that is known and not in memory, or the memory is used up. It returns how
// many it folded and the panes that the following ones need.
func (o *Owner) foldWhile(records []Record) (n int, missing []window.Pane) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range records {
		r := &records[i]
		if r.Rejected == nil && o.absent(r) {
			return i, o.missing(records[i:])
		}
		if r.Copied || r.Offset >= o.next {
			o.fold(r)
		}
		if o.full() {
			return i + 1, nil
		}
	}
	return len(records), nil
}

// absent says whether the record needs a pane that is known and not in memory.
func (o *Owner) absent(r *Record) bool {
	p, frozen := o.eventPane(&r.Event, r.Timestamp)
	return !frozen && o.panes[p] == nil && o.known.has(p)
}

// missing returns the absent panes of the records, up to pagesAtOnce.
func (o *Owner) missing(records []Record) (panes []window.Pane) {
	seen := map[window.Pane]bool{}
	for i := range records {
		r := &records[i]
		if r.Rejected != nil || !o.absent(r) {
			continue
		}
		if p, _ := o.eventPane(&r.Event, r.Timestamp); !seen[p] {
			seen[p] = true
			if panes = append(panes, p); len(panes) == pagesAtOnce {
				break
			}
		}
	}
	return panes
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
		o.pending += r.Bytes
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
	p, frozen := o.eventPane(e, r.Timestamp)
	f := fact.New(e, o.partition, r.Offset, r.Timestamp, p)
	if frozen {
		o.stats.Frozen++
	} else if !o.apply(&f) {
		return // its winner is stored, or waits in facts already
	}
	if r.Timestamp-e.OccurredAt > 3_600_000 {
		o.old++
	}
	o.facts = append(o.facts, f)
	o.pending += r.Bytes + factBytes
}

// apply folds the fact into its pane, which is in memory or known to be empty, and says whether it is the last word.
func (o *Owner) apply(f *fact.Fact) bool {
	pn := o.panes[f.Pane]
	if pn == nil {
		pn = newPane()
		o.panes[f.Pane] = pn
	}
	o.tick++
	pn.used = o.tick
	o.inPanes -= pn.bytes()
	defer func() { o.inPanes += pn.bytes() }()

	en := o.entry(&f.Event, f.Version)
	old, seen := pn.entries[f.Event.RatingID]
	won := !seen || f.Version > old.Version
	o.count(f, &old, seen, won)
	if o.cfg.Fault.has(NamedKeysOnly) && pn.named == nil {
		pn.named = map[window.KeyID]struct{}{}
	}
	if f.Event.Op == event.Put {
		pn.name(o, en.Group)
	}
	pn.touched = true
	if !won {
		return false
	}
	pn.changed = true
	pn.put(f.Event.RatingID, en, seen)
	if o.cfg.Fault.has(DeltaSums) {
		if !seen {
			old.Silent = true
		}
		o.delta(f.Pane, &en, &old)
	}
	return true
}

func (o *Owner) count(f *fact.Fact, old *fact.Entry, seen, won bool) {
	switch {
	case !seen:
	case f.Version == old.Version:
		o.stats.Replayed++
	case won && f.Event.Op == event.Put && f.Event.Revision > fact.Revision(old.Version):
		o.stats.Corrections++
	case f.Event.Op == event.Put:
		o.stats.Duplicates++
	}
}

// delta is the trap DeltaSums: it moves the stored sums of the pane by the effect of one record.
func (o *Owner) delta(p window.Pane, e, old *fact.Entry) {
	for _, x := range []struct {
		e  *fact.Entry
		by int64
	}{{old, -1}, {e, 1}} {
		if x.e.Silent {
			continue
		}
		for _, k := range o.keys.Group(x.e.Group) {
			s := o.table.row(k).get(p)
			s.Count(&o.cfg.Bands, x.e.Rating, &x.e.Quality, x.by)
			o.table.set(p, k, s)
		}
	}
}

// pageIn reads the panes' facts and stored keys and takes them into memory.
func (o *Owner) pageIn(ctx context.Context, st Store, missing []window.Pane) error {
	pages := make(map[window.Pane]*pane, len(missing))
	for _, p := range missing {
		pages[p] = newPane()
	}
	err := st.PageFacts(ctx, o.partition, missing, func(p window.Pane, e *event.Event, version uint64) {
		o.mu.Lock() // keys is shared with Fold and Current
		defer o.mu.Unlock()
		if pn := pages[p]; pn != nil {
			pn.load(o, e, version)
		}
	})
	if err != nil {
		return fmt.Errorf("page in facts of partition %d: %w", o.partition, err)
	}
	if !o.cfg.Fault.has(NoStoredKeys) {
		err = st.PageKeys(ctx, o.partition, missing, func(p window.Pane, k window.Key) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if pn := pages[p]; pn != nil {
				pn.stored = append(pn.stored, o.keys.ID(k))
			}
		})
		if err != nil {
			return fmt.Errorf("page in keys of partition %d: %w", o.partition, err)
		}
	}
	o.install(pages)
	return nil
}

func (o *Owner) install(pages map[window.Pane]*pane) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.evict(o.cfg.MaxBytes / 2)
	for p, pn := range pages {
		if o.panes[p] != nil {
			continue
		}
		o.tick++
		pn.used = o.tick
		o.panes[p] = pn
		o.inPanes += pn.bytes()
		o.stats.PagedIn++
	}
}

// load takes a stored fact into a page.
func (p *pane) load(o *Owner, e *event.Event, version uint64) {
	old, known := p.entries[e.RatingID]
	if known && version <= old.Version {
		return
	}
	en := o.entry(e, version)
	if e.Op == event.Put {
		p.name(o, en.Group)
	}
	p.put(e.RatingID, en, known)
}
