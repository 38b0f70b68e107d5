package owner

import (
	"strings"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/window"
)

// pane is one pane in memory: all its facts, and the keys it has ever had, those that have become zero included.
type pane struct {
	entries map[string]fact.Entry       // by rating id
	groups  map[window.GroupID]struct{} // named by a put
	stored  []window.KeyID              // of the stored rows, when it was read back
	touched bool                        // by a record since the last snapshot
	flying  bool                        // in a snapshot that is not acknowledged
	used    int64
	named   map[window.KeyID]struct{} // only under NamedKeysOnly
	changed bool                      // only under ChangedPanesOnly
}

func newPane() *pane {
	return &pane{entries: map[string]fact.Entry{}, groups: map[window.GroupID]struct{}{}}
}

// bytes estimates the pane's memory.
func (p *pane) bytes() int {
	return paneBytes + len(p.entries)*entryBytes + len(p.groups)*groupBytes + len(p.stored)*4
}

// put makes the entry the last word on the rating id.
func (p *pane) put(id string, e fact.Entry, known bool) {
	if !known {
		id = strings.Clone(id) // the record's bytes must not be held by the map
	}
	p.entries[id] = e
}

// name notes the keys of a put, so that the flush writes them even when it counts nothing.
func (p *pane) name(o *Owner, g window.GroupID) {
	p.groups[g] = struct{}{}
	if p.named != nil {
		for _, k := range o.keys.Group(g) {
			p.named[k] = struct{}{}
		}
	}
}

// entry returns the entry of an event under the owner's configuration.
func (o *Owner) entry(e *event.Event, version uint64) fact.Entry {
	en := fact.EntryOf(e, version, o.keys)
	if o.cfg.Fault.has(QuarantinedCounted) && e.Op == event.Put {
		en.Silent = false
	}
	return en
}

// adder sums panes, one at a time, without allocating for each.
type adder struct {
	ids  []window.KeyID
	sums []window.Sums // by KeyID, of those in ids
	seen []bool        // by KeyID
}

// key returns the sums of the key, adding it with zero when the pane did not have it yet.
func (a *adder) key(k window.KeyID) *window.Sums {
	for int(k) >= len(a.seen) {
		a.seen = append(a.seen, false)
		a.sums = append(a.sums, window.Sums{})
	}
	if !a.seen[k] {
		a.seen[k], a.sums[k] = true, window.Sums{}
		a.ids = append(a.ids, k)
	}
	return &a.sums[k]
}

// add sums the pane by key: every key it has ever had. The result is valid until the next call.
func (a *adder) add(o *Owner, p *pane) {
	for _, k := range a.ids {
		a.seen[k] = false
	}
	a.ids = a.ids[:0]
	for _, k := range p.stored {
		a.key(k)
	}
	for g := range p.groups {
		for _, k := range o.keys.Group(g) {
			a.key(k)
		}
	}
	for _, e := range p.entries {
		if e.Silent {
			continue
		}
		for _, k := range o.keys.Group(e.Group) {
			a.key(k).Count(&o.cfg.Bands, e.Rating, &e.Quality, 1)
		}
	}
}
