package owner

import (
	"context"
	"slices"

	"satisflow/pipeline/window"
)

// ends is a run of window ends, first to last by the slide, both included.
type ends struct{ first, last window.Pane }

// eachWindow calls yield for every window row of the flush: windows that closed since the last checkpoint with all keys of
// their panes, zeros included, and closed ones that cover a touched pane with that pane's keys.
func (s *Snapshot) eachWindow(ctx context.Context, st Store, yield func(*WindowRow) error) error {
	t := &s.o.table
	touched := s.touchedByKey()
	e := emitter{s: s, row: WindowRow{Partition: s.o.partition, Version: s.version}, yield: yield}
	for _, w := range s.o.cfg.Grid.Windows {
		closing := s.closing(w)
		for k := range t.rows {
			id := window.KeyID(k)
			e.row.Key = s.o.key(id)
			if err := e.closing(w, &t.rows[k], closing, touched[id]); err != nil {
				return err
			}
			runs := clip(s.covers(w, touched[id]), s.recent(w), never)
			if err := e.covering(w, &t.rows[k], runs); err != nil {
				return err
			}
		}
	}
	return s.eachOldWindow(ctx, st, touched, &e)
}

// touchedByKey turns the touched panes around: for each key, its touched panes, ascending.
func (s *Snapshot) touchedByKey() map[window.KeyID][]window.Pane {
	m := map[window.KeyID][]window.Pane{}
	for _, p := range s.panes {
		for _, k := range s.keys[p] {
			m[k] = append(m[k], p)
		}
	}
	return m
}

// closing returns the ends of w in (since, closed].
func (s *Snapshot) closing(w window.GridWindow) ends {
	if s.closed == never {
		return ends{0, -1}
	}
	first := window.Pane(never)
	if s.since != never {
		first = s.o.cfg.Grid.FirstEnd(w, s.since)
	}
	return ends{first, s.o.cfg.Grid.LastEnd(w, s.closed)}
}

// covers returns the ends of w, closed before this flush and still, that cover one of the panes.
func (s *Snapshot) covers(w window.GridWindow, panes []window.Pane) (runs []ends) {
	until := min(s.since, s.closed)
	if until == never {
		return nil
	}
	g := &s.o.cfg.Grid
	for _, p := range panes {
		r := ends{g.FirstEnd(w, p), g.LastEnd(w, min(p+w.Length, until))}
		if r.first > r.last {
			continue
		}
		if n := len(runs); n > 0 && r.first <= runs[n-1].last+w.Slide {
			runs[n-1].last = max(runs[n-1].last, r.last)
		} else {
			runs = append(runs, r)
		}
	}
	return runs
}

// recent is the first end of w for which the table holds every pane.
func (s *Snapshot) recent(w window.GridWindow) window.Pane {
	if s.o.floor == never {
		return never
	}
	return s.o.floor + w.Length
}

// clip leaves the ends from ≤ e < to of the runs, which the caller then aligns; to never means no bound.
func clip(runs []ends, from, to window.Pane) (out []ends) {
	for _, r := range runs {
		r.first = max(r.first, from)
		if to != never {
			r.last = min(r.last, to-1)
		}
		if r.first <= r.last {
			out = append(out, r)
		}
	}
	return out
}

// emitter sums windows of one series at a time and yields their rows.
type emitter struct {
	s     *Snapshot
	row   WindowRow
	yield func(*WindowRow) error
}

// closing yields every window of the run that holds a pane of the series, zero or not.
func (e *emitter) closing(w window.GridWindow, s *series, run ends, touched []window.Pane) error {
	g := &e.s.o.cfg.Grid
	if len(s.panes) == 0 || run.first > run.last {
		return nil
	}
	run.first = max(run.first, g.FirstEnd(w, s.panes[0]))
	fault := e.s.o.cfg.Fault
	return e.slide(w, s, run, func(end window.Pane, present int) bool {
		if fault.has(NoZeroKeys) && e.row.Sums.IsZero() {
			return false
		}
		if fault.has(WindowsOnlyTouched) && !anyIn(touched, end-w.Length, end) {
			return false
		}
		return present > 0
	})
}

// covering yields every window of the runs; each covers a touched pane, so none is empty.
func (e *emitter) covering(w window.GridWindow, s *series, runs []ends) error {
	for _, r := range runs {
		r.first = e.s.o.cfg.Grid.FirstEnd(w, r.first-1)
		if err := e.slide(w, s, r, func(window.Pane, int) bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

func anyIn(panes []window.Pane, from, to window.Pane) bool {
	i, _ := slices.BinarySearch(panes, from)
	return i < len(panes) && panes[i] < to
}

// slide moves the window over the run of ends, adding the panes that enter and taking off those that leave, and yields the
// row where want says so; present is how many panes of the series the window holds.
func (e *emitter) slide(w window.GridWindow, s *series, run ends, want func(end window.Pane, present int) bool) error {
	if run.first > run.last {
		return nil
	}
	lo := s.at(run.first - w.Length)
	hi := lo
	e.row.Window, e.row.Sums = w.Name, window.Sums{}
	for end := run.first; end <= run.last; end += w.Slide {
		for ; hi < len(s.panes) && s.panes[hi] < end; hi++ {
			e.row.Sums.Add(&s.sums[hi])
		}
		for ; lo < hi && s.panes[lo] < end-w.Length; lo++ {
			e.row.Sums.Sub(&s.sums[lo])
		}
		if want(end, hi-lo) {
			e.row.End = end
			if err := e.yield(&e.row); err != nil {
				return err
			}
		}
		if lo == hi {
			if hi == len(s.panes) {
				return nil
			}
			end = e.s.o.cfg.Grid.FirstEnd(w, s.panes[hi]) - w.Slide // nothing in sight: go to the next pane
		}
	}
	return nil
}
