package owner

import (
	"unsafe"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/window"
)

// pane is one pane in memory: all its facts, and the sums of every key that it has ever had, those that have become zero
// included. It has no pointers but a few slices, so that the garbage collector passes over it.
type pane struct {
	facts   entries
	sums    keySums
	touched bool                      // by a record since the last snapshot
	flying  bool                      // in a snapshot that is not acknowledged
	used    int64                     // by the last record, of the owner's ticks
	hits    int                       // records since it was last decided which panes are hot
	recent  int                       // records from which it was
	named   map[window.KeyID]struct{} // only under NamedKeysOnly
	changed bool                      // only under ChangedPanesOnly
}

func (o *Owner) newPane() *pane {
	n := o.cfg.metrics()
	return &pane{facts: newEntries(n), sums: keySums{metrics: n}}
}

// paneBytes is the pane itself, its place in the map of panes included.
const paneBytes = int(unsafe.Sizeof(pane{})) + 40

// bytes is the memory that the pane takes.
func (p *pane) bytes() int { return paneBytes + p.facts.held + p.sums.bytes() }

// name notes the keys of a put, so that the flush writes them even when it counts nothing.
func (p *pane) name(o *Owner, g window.GroupID) {
	for _, k := range o.keys.Group(g) {
		p.sums.place(k)
		if p.named != nil {
			p.named[k] = struct{}{}
		}
	}
}

// put makes the entry the last word on its rating: number is that of its earlier version, or -1.
func (p *pane) put(o *Owner, en entry, q *event.Quality, number int) {
	if number < 0 {
		number = p.facts.add(en)
	} else {
		p.count(o, number, -1)
		*p.facts.at(number) = en
	}
	p.facts.setQuality(number, q)
	p.count(o, number, 1)
}

// count adds the entry with the number to the sums of its keys, or takes it away.
func (p *pane) count(o *Owner, number int, by int32) {
	en := p.facts.at(number)
	if en.silent {
		return
	}
	q := p.facts.quality(number)
	for _, k := range o.keys.Group(en.group) {
		p.sums.count(p.sums.place(k), &o.cfg.Bands, int32(en.rating), &q, by)
	}
}

// load takes a stored fact into a page.
func (p *pane) load(o *Owner, e *event.Event, version uint64) {
	en := o.entryOf(e, version)
	number := p.facts.find(en.hash)
	if number >= 0 && version <= p.facts.at(number).version {
		return
	}
	if e.Op == event.Put {
		p.name(o, en.group)
	}
	p.put(o, en, &e.Quality, number)
}

// outcome is what a fact did to its pane.
type outcome struct {
	seen bool   // another version of the rating was there
	old  uint64 // its version
	won  bool   // the fact is the last word now
}

// apply folds the fact into the pane.
func (p *pane) apply(o *Owner, at window.Pane, f *fact.Fact) outcome {
	o.tick++
	p.used = o.tick
	p.hits++
	en := o.entryOf(&f.Event, f.Version)
	number := p.facts.find(en.hash)
	out := outcome{seen: number >= 0, won: true}
	if out.seen {
		out.old = p.facts.at(number).version
		out.won = f.Version > out.old
	}
	if o.cfg.Fault.has(NamedKeysOnly) && p.named == nil {
		p.named = map[window.KeyID]struct{}{}
	}
	if f.Event.Op == event.Put {
		p.name(o, en.group)
	}
	p.touched = true
	if !out.won {
		return out
	}
	p.changed = true
	if o.cfg.Fault.has(DeltaSums) {
		o.delta(at, p, number, -1)
	}
	p.put(o, en, &f.Event.Quality, number)
	if o.cfg.Fault.has(DeltaSums) {
		o.delta(at, p, p.facts.find(en.hash), 1)
	}
	return out
}

// delta is the trap DeltaSums: it moves the stored sums of the pane by the effect of one record.
func (o *Owner) delta(at window.Pane, p *pane, number int, by int64) {
	if number < 0 || p.facts.at(number).silent {
		return
	}
	en, q := p.facts.at(number), p.facts.quality(number)
	for _, k := range o.keys.Group(en.group) {
		s := o.table.row(k).get(at)
		s.Count(&o.cfg.Bands, int32(en.rating), &q, by)
		o.table.set(at, k, s)
	}
}
