package owner

import (
	"strings"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/window"
)

// pane is one pane in memory: all its facts, and the sums of all its keys, those that have become zero included.
type pane struct {
	entries map[string]fact.Entry // by rating id
	keys    map[window.KeyID]int32
	ids     []window.KeyID // ids[i] and sums[i] belong together
	sums    []window.Sums
	touched bool // by a record since the last snapshot
	flying  bool // in a snapshot that is not acknowledged
	used    int64
	named   map[window.KeyID]struct{} // only under NamedKeysOnly
	changed bool                      // only under ChangedPanesOnly
}

func newPane() *pane {
	return &pane{entries: map[string]fact.Entry{}, keys: map[window.KeyID]int32{}}
}

// bytes estimates the pane's memory.
func (p *pane) bytes() int { return len(p.entries)*entryBytes + len(p.ids)*sumsBytes }

// key returns the sums of the key, adding it with zero when the pane does not have it.
func (p *pane) key(id window.KeyID) *window.Sums {
	i, ok := p.keys[id]
	if !ok {
		i = int32(len(p.ids))
		p.keys[id] = i
		p.ids = append(p.ids, id)
		p.sums = append(p.sums, window.Sums{})
	}
	return &p.sums[i]
}

// put makes the entry the last word on the rating id and moves the pane's sums accordingly. That is exact because the
// pane holds every fact it has ever counted.
func (p *pane) put(o *Owner, id string, e fact.Entry, old *fact.Entry) {
	if old != nil {
		p.count(o, old, -1)
	} else {
		id = strings.Clone(id) // the record's bytes must not be held by the map
	}
	p.count(o, &e, 1)
	p.entries[id] = e
}

func (p *pane) count(o *Owner, e *fact.Entry, by int64) {
	if e.Silent {
		return
	}
	for _, k := range o.keys.Group(e.Group) {
		p.key(k).Count(&o.cfg.Bands, e.Rating, &e.Quality, by)
	}
}

// name adds every key of the event, so that the flush writes it even when it counts nothing.
func (p *pane) name(o *Owner, g window.GroupID) {
	for _, k := range o.keys.Group(g) {
		p.key(k)
		if p.named != nil {
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
