package owner

import "satisflow/pipeline/window"

// sweepKeys is how many keys without panes are freed at once.
const sweepKeys = 1000

// sweep frees the keys of which neither the table nor a pane in memory holds anything, once there are many: what was sent
// once as a value of a dimension would stay for ever. All others get new numbers. It must not be called amid a flush.
func (o *Owner) sweep() {
	least := sweepKeys
	if o.cfg.SweepKeys > 0 {
		least = o.cfg.SweepKeys
	}
	if o.withoutPanes() < least {
		return
	}
	o.dropOld()
	live := o.liveKeys()
	keys, groups := o.keys.Keep(live)
	t := table{grid: o.table.grid, end: o.table.end}
	for old, k := range keys {
		if k == window.NoKey {
			continue
		}
		t.row(k)
		if old >= len(o.table.rows) {
			continue // named since the last snapshot
		}
		t.rows[k], t.now[k] = o.table.rows[old], o.table.now[old]
		t.held += t.rows[k].bytes() + len(t.now[k])*sumsBytes
	}
	o.table = t
	for _, pn := range o.panes {
		pn.renumber(keys, groups)
	}
}

// withoutPanes counts the keys of which the table holds nothing.
func (o *Owner) withoutPanes() (n int) {
	for k := range o.keys.Len() {
		if k >= len(o.table.rows) || len(o.table.rows[k].panes) == 0 {
			n++
		}
	}
	return n
}

// dropOld forgets the panes that are older than the table and that nothing waits for: their keys would stay with them.
func (o *Owner) dropOld() {
	for p, pn := range o.panes {
		if p < o.floor && !pn.touched && !pn.flying {
			o.inPanes -= pn.bytes()
			delete(o.panes, p)
		}
	}
}

func (o *Owner) liveKeys() []bool {
	live := make([]bool, o.keys.Len())
	for k := range o.table.rows {
		live[k] = len(o.table.rows[k].panes) > 0
	}
	for _, pn := range o.panes {
		for _, k := range pn.sums.keys {
			live[k] = true
		}
	}
	return live
}

// renumber gives the keys and groups of the pane their new numbers.
func (p *pane) renumber(keys []window.KeyID, groups []window.GroupID) {
	for i, k := range p.sums.keys {
		p.sums.keys[i] = keys[k]
	}
	p.sums.rehash(len(p.sums.slots))
	for n := range p.facts.n {
		if e := p.facts.at(n); int(e.group) < len(groups) {
			e.group = groups[e.group]
		}
	}
}
