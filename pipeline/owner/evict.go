package owner

import (
	"slices"

	"satisflow/pipeline/window"
)

// Bounds of the memory: what waits for a flush always has a quarter of it, or nothing could go on; panes that are
// read or written now stay, though they take more than the rest.

// room is how much may wait for a flush.
func (o *Owner) room() int {
	return max(o.cfg.MaxBytes-o.held(), o.cfg.MaxBytes/4)
}

// held is the memory that no flush frees.
func (o *Owner) held() int { return o.inPanes + o.paging + o.fixed() }

// fixed is the memory that must be there whatever comes: the keys, and their pane sums as far back as windows reach.
func (o *Owner) fixed() int { return o.keys.Bytes() + o.table.held }

// panesLimit is how much panes may take: three quarters with what is fixed, and a quarter at least.
func (o *Owner) panesLimit() int {
	return max(o.cfg.MaxBytes*3/4-o.fixed(), o.cfg.MaxBytes/4)
}

// hotFacts is from how many facts on a pane can be hot, as a smaller one is soon read back, and from how many records on
// it is decided again which are.
const hotFacts = 1000

// hot reports whether the pane took an eighth of the records when it was last decided: it is sure to be needed for the
// next ones.
func (o *Owner) hot(pn *pane) bool {
	return pn.facts.n >= hotFacts && 8*pn.recent > o.records
}

// evict forgets the panes that nothing waits for, the least recently used first, until the panes take at most limit bytes.
// A hot pane stays: it would be read back whole for the next record.
func (o *Owner) evict(limit int) {
	if o.inPanes <= limit {
		return
	}
	var idle []window.Pane
	for p, pn := range o.panes {
		if !pn.touched && (!pn.flying || o.cfg.Fault.has(EvictInFlight)) && !o.hot(pn) {
			idle = append(idle, p)
		}
	}
	slices.SortFunc(idle, func(a, b window.Pane) int { return int(o.panes[a].used - o.panes[b].used) })
	for _, p := range idle {
		if o.inPanes <= limit {
			return
		}
		o.inPanes -= o.panes[p].bytes()
		o.stats.Evicted++
		delete(o.panes, p)
	}
}
