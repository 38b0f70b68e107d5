package owner

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// pagesAtOnce bounds how many panes one page-in reads.
const pagesAtOnce = 128

// settle folds the facts that waited for their panes: each pane is read back once, some at a time, takes its facts, gives
// the flush its sums, and stays in memory when there is room for it or it is hot.
func (s *Snapshot) settle(ctx context.Context, st Store) error {
	todo := slices.Sorted(maps.Keys(s.waiting))
	if len(todo) == 0 {
		return nil
	}
	every := s.o.everyRating()
	for len(todo) > 0 {
		n := s.o.pagesFor(todo, every)
		if err := s.settlePanes(ctx, st, todo[:n]); err != nil {
			return fmt.Errorf("partition %d: %w", s.o.partition, err)
		}
		todo = todo[n:]
	}
	slices.Sort(s.panes)
	return nil
}

// pagesFor returns how many of the panes to read at once, by what their stored sums let expect: as many as fit in an
// eighth of the memory, at least one.
func (o *Owner) pagesFor(panes []window.Pane, every []window.KeyID) (n int) {
	room := o.cfg.MaxBytes / 8
	for n < len(panes) && n < pagesAtOnce {
		if room -= o.expectedBytes(panes[n], every); room < 0 && n > 0 {
			break
		}
		n++
	}
	return n
}

// expectedBytes estimates what the pane will take in memory; a pane that is older than the table counts as small.
func (o *Owner) expectedBytes(p window.Pane, every []window.KeyID) int {
	const each = 64 // an entry, its slot and its quality
	n := 0
	for _, k := range every {
		s := o.table.row(k).get(p)
		n += int(s.Responses())
	}
	return paneBytes + n*each
}

// everyRating returns the keys of which each rating has one.
func (o *Owner) everyRating() (keys []window.KeyID) {
	for id := range o.table.rows {
		if d := o.key(window.KeyID(id)).Dimension; d == window.Overall || d == window.Staff {
			keys = append(keys, window.KeyID(id))
		}
	}
	return keys
}

func (s *Snapshot) settlePanes(ctx context.Context, st Store, panes []window.Pane) error {
	pages, err := s.o.pageIn(ctx, st, panes)
	if err != nil {
		return err
	}
	o := s.o
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range panes {
		s.settlePane(p, pages[p])
	}
	o.paging = 0
	return nil
}

func (s *Snapshot) settlePane(p window.Pane, pn *pane) {
	o := s.o
	o.stats.PagedIn++
	for i := range s.waiting[p] {
		f := &s.waiting[p][i]
		out := pn.apply(o, p, f)
		o.count(f, out)
		if out.won {
			s.Facts = append(s.Facts, *f)
		}
	}
	delete(s.waiting, p)
	s.take(p, pn)
	pn.flying = true
	o.install(p, pn)
}

// install keeps the pane in memory where there is room once colder ones have left, and where it is hot anyway: a pane that
// takes much of what comes would only have to be read back for the next flush.
func (o *Owner) install(p window.Pane, pn *pane) {
	o.evict(o.panesLimit() - pn.bytes())
	if o.inPanes+pn.bytes() > o.panesLimit() && !o.hot(pn) && !o.cfg.Fault.has(DeltaSums) {
		return
	}
	o.panes[p] = pn
	o.inPanes += pn.bytes()
}

// pageIn reads the panes' facts and stored keys.
func (o *Owner) pageIn(ctx context.Context, st Store, panes []window.Pane) (map[window.Pane]*pane, error) {
	pages := make(map[window.Pane]*pane, len(panes))
	for _, p := range panes {
		pages[p] = o.newPane()
	}
	err := st.PageFacts(ctx, o.partition, panes, func(p window.Pane, e *event.Event, version uint64) {
		o.page(pages[p], func(pn *pane) { pn.load(o, e, version) })
	})
	if err != nil {
		return nil, fmt.Errorf("page in facts: %w", err)
	}
	if o.cfg.Fault.has(NoStoredKeys) {
		return pages, nil
	}
	err = st.PageKeys(ctx, o.partition, panes, func(p window.Pane, k window.Key) {
		o.page(pages[p], func(pn *pane) { pn.sums.place(o.keys.ID(k)) })
	})
	if err != nil {
		return nil, fmt.Errorf("page in keys: %w", err)
	}
	return pages, nil
}

// page changes a page under the lock, as keys are numbered by Fold too.
func (o *Owner) page(pn *pane, change func(*pane)) {
	if pn == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	before := pn.bytes()
	change(pn)
	o.paging += pn.bytes() - before
}

// foldWaiting folds the facts whose pane came into memory after they had begun to wait.
func (o *Owner) foldWaiting() {
	for _, p := range slices.Sorted(maps.Keys(o.waiting)) {
		if o.panes[p] == nil {
			continue
		}
		o.panes[p].touched = true // also without a fact: see touch
		facts := o.waiting[p]
		o.panes[p].touched = true
		for i := range facts {
			if o.apply(&facts[i]) {
				o.facts = append(o.facts, facts[i])
			}
		}
		o.awaited -= len(facts)
		delete(o.waiting, p)
	}
}
