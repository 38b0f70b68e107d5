package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"satisflow/sinks/clickhouse"
)

// scrub merges, one after the other, the months in which text of ratings that were erased since the time is still in a
// part. It leaves none, or an error.
func (e *Eraser) scrub(ctx context.Context, since time.Time, tell func(string)) error {
	months, err := e.parts.Store.Residue(ctx, since)
	if err != nil || len(months) == 0 {
		return err
	}
	if err := e.merge(ctx, months, tell); err != nil {
		return err
	}
	if months, err = e.parts.Store.Residue(ctx, since); err == nil && len(months) > 0 {
		err = fmt.Errorf("after the merge %d of epoch %d still holds %d versions of erased ratings", months[0].Month, months[0].Epoch, months[0].Versions)
	}
	return err
}

// merge merges the months. It goes on after one that fails, such as a month too large for the disk.
func (e *Eraser) merge(ctx context.Context, months []clickhouse.Residue, tell func(string)) (failed error) {
	for _, m := range months {
		tell(fmt.Sprintf("merging %d of epoch %d: it holds %d versions of erased ratings", m.Month, m.Epoch, m.Versions))
		if err := e.parts.Store.Merge(ctx, m); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// blank removes the text of erased ratings from epochs that are beside the current one.
func (e *Eraser) blank(ctx context.Context, tell func(string)) error {
	n, err := e.parts.Store.BlankOthers(ctx)
	if err == nil && n > 0 {
		tell(fmt.Sprintf("removed the text of %d erased ratings from epochs beside the current one", n))
	}
	return err
}

// tidy closes entries of the audit that were broken off: those that only had to be merged, if a look finds no text of any
// erased rating in any part, and those that a later erasure of the same subjects has finished. It returns how many are left
// open.
func (e *Eraser) tidy(ctx context.Context) (open int, err error) {
	all, err := e.parts.Store.List(ctx)
	if err != nil {
		return 0, err
	}
	clean := sync.OnceValues(func() (bool, error) { return e.clean(ctx) })
	for i := range all {
		if all[i].State == clickhouse.ErasureFinished {
			continue
		}
		done := slices.ContainsFunc(all[i+1:], finishes(&all[i]))
		if !done && all[i].State == clickhouse.ErasureDurable {
			if done, err = clean(); err != nil {
				return 0, err
			}
		}
		if !done {
			open++
			continue
		}
		if err := e.close(ctx, all[i]); err != nil {
			return open, err
		}
	}
	return open, nil
}

// clean returns whether no part holds text of a rating that was ever erased.
func (e *Eraser) clean(ctx context.Context) (bool, error) {
	months, err := e.parts.Store.Residue(ctx, time.Unix(0, 0))
	if err != nil || len(months) > 0 {
		return false, err
	}
	others, err := e.parts.Store.TextInOthers(ctx)
	return others == 0, err
}

// finishes returns whether an erasure has done what the entry was to do.
func finishes(entry *clickhouse.Erasure) func(clickhouse.Erasure) bool {
	return func(later clickhouse.Erasure) bool {
		return later.State == clickhouse.ErasureFinished && later.Kind == entry.Kind && slices.Equal(later.Subjects, entry.Subjects)
	}
}
