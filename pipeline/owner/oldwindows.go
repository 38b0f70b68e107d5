package owner

import (
	"context"
	"fmt"
	"slices"

	"satisflow/pipeline/window"
)

// keysAtOnce bounds how many keys' stored pane sums are in memory at once.
const keysAtOnce = 256

// eachOldWindow yields the closed windows that cover a touched pane and reach back beyond the table's floor: panes that
// are not in memory are summed from their stored rows. It goes from week to week, so that a history of years fits.
func (s *Snapshot) eachOldWindow(ctx context.Context, st Store, touched map[window.KeyID][]window.Pane, e *emitter) error {
	o := s.o
	if o.floor == never || len(s.panes) == 0 || s.panes[0] >= o.floor+o.cfg.Grid.Longest {
		return nil
	}
	week := window.Pane(7 * 86_400_000 / o.cfg.Grid.PaneMS)
	last := min(o.floor+o.cfg.Grid.Longest, min(s.since, s.closed)+1)
	for from := s.panes[0] + 1; from < last; from += week {
		to := min(from+week, last)
		keys := keysIn(touched, from-o.cfg.Grid.Longest, to)
		for group := range slices.Chunk(keys, keysAtOnce) {
			if err := s.oldWindows(ctx, st, from, to, group, touched, e); err != nil {
				return fmt.Errorf("windows of partition %d ending between %v and %v: %w", o.partition, o.cfg.Grid.Start(from), o.cfg.Grid.Start(to), err)
			}
		}
	}
	return nil
}

// keysIn returns the keys that have a touched pane in [from, to).
func keysIn(touched map[window.KeyID][]window.Pane, from, to window.Pane) (keys []window.KeyID) {
	for k, panes := range touched {
		if anyIn(panes, from, to) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// oldWindows yields the windows of the keys with from ≤ end < to that begin before the floor.
func (s *Snapshot) oldWindows(ctx context.Context, st Store, from, to window.Pane, keys []window.KeyID, touched map[window.KeyID][]window.Pane, e *emitter) error {
	o := s.o
	all, err := s.stored(ctx, st, from-o.cfg.Grid.Longest, min(to, o.floor), keys)
	if err != nil {
		return err
	}
	for _, k := range keys {
		row := all[k]
		row.overlay(&o.table.rows[k], from-o.cfg.Grid.Longest, to)
		e.row.Key = s.o.key(k)
		for _, w := range o.cfg.Grid.Windows {
			runs := clip(s.covers(w, touched[k]), from, min(to, s.recent(w)))
			if err := e.covering(w, row, runs); err != nil {
				return err
			}
		}
	}
	return nil
}

// stored reads the stored pane sums of the keys.
func (s *Snapshot) stored(ctx context.Context, st Store, from, to window.Pane, keys []window.KeyID) (map[window.KeyID]*series, error) {
	all := make(map[window.KeyID]*series, len(keys))
	ids := make(map[window.Key]window.KeyID, len(keys))
	names := make([]window.Key, len(keys))
	for i, k := range keys {
		names[i] = s.o.key(k)
		all[k], ids[names[i]] = &series{}, k
	}
	if from >= to {
		return all, nil
	}
	err := st.PaneSums(ctx, s.o.partition, from, to, names, func(p window.Pane, k window.Key, v *window.Sums) {
		if id, ok := ids[k]; ok {
			all[id].set(p, *v)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read pane sums: %w", err)
	}
	return all, nil
}

// overlay puts the panes of top over those of s: top has what this flush wrote and everything from the floor on.
func (s *series) overlay(top *series, from, to window.Pane) {
	for i := top.at(from); i < len(top.panes) && top.panes[i] < to; i++ {
		s.set(top.panes[i], top.sums[i])
	}
}
