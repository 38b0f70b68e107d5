package owner

import (
	"satisflow/pipeline/window"
)

// simDurable is what the oracle says of a checkpoint: which windows later records touch, and what the windows hold.
type simDurable struct {
	later   map[simWindowKey]bool // with an empty key
	windows map[simWindowKey]window.Sums
}

// checkDurable holds a checkpoint (C, W) to its word: every record below C is a durable fact or dead letter, and each
// window that ended by W and that no record from C on touches is right now.
func (s *sim) checkDurable(p int) {
	c, ok := s.db[p].ckpt[0]
	if !ok {
		return
	}
	d := s.durable(p, c.Cut)
	closed := window.Pane(floor(c.Watermark, simPane))
	for k, v := range d.windows {
		if k.end <= closed && !d.later[simWindowKey{k.name, k.end, window.Key{}}] && s.db[p].windows[k].Sums != v {
			s.trace("WRONG checkpoint ahead: p%d %v stored %+v want %+v", p, k, s.db[p].windows[k].Sums, v)
			s.wrong["checkpoint ahead"] = true
		}
	}
	for k, r := range s.db[p].windows {
		if k.end <= closed && !d.later[simWindowKey{k.name, k.end, window.Key{}}] && r.Sums != d.windows[k] {
			s.wrong["checkpoint ahead"] = true
		}
	}
	for off := range c.Cut {
		if off < s.expired[p] {
			continue
		}
		r := &s.log[p][off]
		if r.rejected {
			if !s.db[p].dead[off] {
				s.wrong["dead letter lost"] = true
			}
			continue
		}
		k := simFactKey{window.Pane(floor(r.ev.OccurredAt, simPane)), r.ev.RatingID}
		if _, ok := s.db[p].facts[k]; !ok {
			s.wrong["fact lost"] = true
		}
	}
}

func (s *sim) durable(p int, cut int64) simDurable {
	key := [2]int64{int64(p), cut}
	if d, ok := s.cache[key]; ok {
		return d
	}
	d := simDurable{map[simWindowKey]bool{}, oracleWindows(oraclePanes(oracleFacts(summed(s.log[p]), cut)))}
	for _, r := range s.log[p][cut:] {
		if r.rejected || r.old {
			continue
		}
		t := window.Pane(floor(r.ev.OccurredAt, simPane))
		for k := range oracleWindows(map[simPaneKey]window.Sums{{t, window.Key{}}: {}}) {
			d.later[k] = true
		}
	}
	s.cache[key] = d
	return d
}

// check compares everything that is stored at the end, and the gauges of the owners that finished, with the oracle.
func (s *sim) check() {
	for p := range s.db {
		s.countRows(p)
		facts := oracleFacts(s.log[p], int64(len(s.log[p])))
		panes := oraclePanes(oracleFacts(summed(s.log[p]), int64(len(s.log[p]))))
		if s.expired[p] > 0 || s.cfg.Retention > 0 {
			s.checkExpired(p)
		} else {
			s.checkFacts(p, facts)
		}
		s.checkPanes(p, panes)
		s.checkWindows(p, oracleWindows(panes))
		for _, pr := range s.finished {
			for _, o := range pr.live() {
				if int(o.partition) == p {
					s.checkLive(o, panes)
				}
			}
		}
	}
}

func (s *sim) checkFacts(p int, want map[string]oracleFact) {
	if len(want) != len(s.db[p].facts) {
		s.wrong["facts"] = true
	}
	for id, f := range want {
		got, ok := s.db[p].facts[simFactKey{f.pane, id}]
		if !ok || got.Offset != f.off || got.Event.Rating != f.ev.Rating && !f.erase {
			s.wrong["facts"] = true
		}
	}
}

func (s *sim) checkPanes(p int, want map[simPaneKey]window.Sums) {
	for k, v := range want {
		if s.db[p].panes[k].Sums != v {
			s.wrong["panes"] = true
		}
	}
	for k, r := range s.db[p].panes {
		if r.Sums != want[k] {
			s.wrong["panes"] = true
		}
	}
}

func (s *sim) checkWindows(p int, want map[simWindowKey]window.Sums) {
	closed := window.Pane(floor(s.db[p].ckpt[0].Watermark, simPane))
	for _, pr := range s.finished {
		for _, o := range pr.live() {
			if int(o.partition) == p {
				closed = max(closed, o.cfg.Grid.PaneOf(o.watermark))
			}
		}
	}
	for k, v := range want {
		if k.end <= closed && s.db[p].windows[k].Sums != v {
			s.wrong["windows"] = true
		}
	}
	for k, r := range s.db[p].windows {
		if k.end <= closed && r.Sums != want[k] {
			s.wrong["windows"] = true
		}
	}
}

// checkLive compares the pane sums from the floor on and the current windows of an owner that read everything.
func (s *sim) checkLive(o *Owner, panes map[simPaneKey]window.Sums) {
	got := map[simPaneKey]window.Sums{}
	for id := range o.table.rows {
		for i, t := range o.table.rows[id].panes {
			got[simPaneKey{t, o.keys.Key(window.KeyID(id))}] = o.table.rows[id].sums[i]
		}
	}
	for k, v := range panes {
		if k.pane >= o.floor && got[k] != v {
			s.trace("WRONG live sums of %v: p%d %v got n=%d want n=%d, floor %d", o.cfg.MaxBytes, o.partition, k, got[k].Ratings, v.Ratings, o.floor)
			s.wrong["live sums"] = true
		}
	}
	for k, v := range got {
		if k.pane >= o.floor && panes[k] != v {
			s.trace("WRONG live sums: p%d %v got n=%d want n=%d, floor %d", o.partition, k, v.Ratings, panes[k].Ratings, o.floor)
			s.wrong["live sums"] = true
		}
	}
	o.Current(func(k window.Key, name string, v *window.Sums) {
		var want window.Sums
		for pk, pv := range panes {
			for _, w := range simWindows {
				if w.name == name && pk.key == k && pk.pane >= o.table.end-w.length && pk.pane < o.table.end {
					want.Add(&pv)
				}
			}
		}
		if *v != want {
			s.wrong["gauges"] = true
		}
	})
}
