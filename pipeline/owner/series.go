package owner

import (
	"slices"
	"unsafe"

	"satisflow/pipeline/window"
)

// series holds the pane sums of one key in order of time.
type series struct {
	panes []window.Pane
	sums  []window.Sums
}

// at returns the index of the first pane ≥ p.
func (s *series) at(p window.Pane) int {
	if n := len(s.panes); n == 0 || s.panes[n-1] < p {
		return n // the common case: the newest pane
	}
	i, _ := slices.BinarySearch(s.panes, p)
	return i
}

// set replaces the sums of the pane and returns what they were.
func (s *series) set(p window.Pane, v window.Sums) (old window.Sums) {
	i := s.at(p)
	if i < len(s.panes) && s.panes[i] == p {
		old, s.sums[i] = s.sums[i], v
		return old
	}
	s.panes = slices.Insert(s.panes, i, p)
	s.sums = slices.Insert(s.sums, i, v)
	return old
}

func (s *series) get(p window.Pane) window.Sums {
	if i := s.at(p); i < len(s.panes) && s.panes[i] == p {
		return s.sums[i]
	}
	return window.Sums{}
}

// sum adds up the panes from ≤ p < to.
func (s *series) sum(from, to window.Pane) (total window.Sums) {
	for i := s.at(from); i < len(s.panes) && s.panes[i] < to; i++ {
		total.Add(&s.sums[i])
	}
	return total
}

// prune forgets the panes before floor, and gives back memory that is not needed any more.
func (s *series) prune(floor window.Pane) {
	if i := s.at(floor); i > 0 {
		s.panes = slices.Delete(s.panes, 0, i)
		s.sums = slices.Delete(s.sums, 0, i)
	}
	if 4*len(s.panes) < cap(s.panes) {
		s.panes = append([]window.Pane(nil), s.panes...)
		s.sums = append([]window.Sums(nil), s.sums...)
	}
}

// sumsBytes is the memory of the sums of one pane or window.
const sumsBytes = int(unsafe.Sizeof(window.Sums{}))

// keyBytes is the memory of a key in the table, without its sums.
const keyBytes = int(unsafe.Sizeof(series{}) + unsafe.Sizeof([]window.Sums{}))

// bytes is the memory that the panes take.
func (s *series) bytes() int { return 4*cap(s.panes) + sumsBytes*cap(s.sums) }

// table is the series of every key of a partition, by KeyID, with the current windows that the gauges show.
type table struct {
	grid *window.Grid
	rows []series
	end  window.Pane     // the current windows end here; 0 before the first advance
	now  [][]window.Sums // nil for a key of few panes, which are summed when they are asked for
	held int             // bytes
}

func (t *table) row(k window.KeyID) *series {
	for int(k) >= len(t.rows) {
		t.rows = append(t.rows, series{})
		t.now = append(t.now, nil)
		t.held += keyBytes
	}
	return &t.rows[k]
}

// set replaces the pane's part of the key's sums, the current windows included.
func (t *table) set(p window.Pane, k window.KeyID, v window.Sums) {
	s := t.row(k)
	before := s.bytes()
	old := s.set(p, v)
	t.held += s.bytes() - before
	now := t.now[k]
	switch {
	case now == nil && len(s.panes) > fewPanes:
		now = make([]window.Sums, len(t.grid.Windows))
		t.now[k] = now
		t.held += len(now) * sumsBytes
		for i, w := range t.grid.Windows {
			now[i] = s.sum(t.end-w.Length, t.end)
		}
		return
	case now == nil || old == v:
		return
	}
	for i, w := range t.grid.Windows {
		if t.end-w.Length <= p && p < t.end {
			now[i].Sub(&old)
			now[i].Add(&v)
		}
	}
}

// fewPanes is up to how many panes of a key its current windows are not kept.
const fewPanes = 3

// current returns the key's current window with the number i.
func (t *table) current(k window.KeyID, i int) window.Sums {
	if now := t.now[k]; now != nil {
		return now[i]
	}
	return t.rows[k].sum(t.end-t.grid.Windows[i].Length, t.end)
}

// advance lets the current windows end with the pane that is now, so that they hold [now+1-length, now+1). A clock that
// was set back takes them no further back than the table holds panes, which is from floor on.
func (t *table) advance(now, floor window.Pane) {
	end := now + 1
	if floor != never {
		end = max(end, floor+t.grid.Longest)
	}
	if end == t.end {
		return
	}
	for k := range t.rows {
		if t.now[k] == nil {
			continue
		}
		for i, w := range t.grid.Windows {
			t.move(k, i, w.Length, end)
		}
	}
	t.end = end
}

func (t *table) move(k, i int, length, end window.Pane) {
	s, cur := &t.rows[k], &t.now[k][i]
	if end < t.end || end-length >= t.end { // the clock stepped back, or far ahead: sum afresh
		*cur = s.sum(end-length, end)
		return
	}
	gone, come := s.sum(t.end-length, end-length), s.sum(t.end, end)
	cur.Sub(&gone)
	cur.Add(&come)
}

func (t *table) prune(floor window.Pane) {
	for k := range t.rows {
		s := &t.rows[k]
		before := s.bytes()
		s.prune(floor)
		t.held += s.bytes() - before
	}
}
