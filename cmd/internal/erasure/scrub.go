package erasure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"satisflow/sinks/clickhouse"
)

// scrub merges, one after the other, the months in which text of ratings that were erased since the time is still in a
// part. It leaves none, or an error.
func (e *Eraser) scrub(ctx context.Context, since time.Time, tell func(string)) error {
	months, err := e.parts.Store.Residue(ctx, since)
	if err != nil {
		return err
	}
	for _, m := range months {
		tell(fmt.Sprintf("merging %d of epoch %d: it holds %d versions of erased ratings", m.Month, m.Epoch, m.Versions))
		if err := e.parts.Store.Merge(ctx, m); err != nil {
			return err
		}
	}
	if len(months) == 0 {
		return nil
	}
	if months, err = e.parts.Store.Residue(ctx, since); err == nil && len(months) > 0 {
		err = fmt.Errorf("after the merge %d of epoch %d still holds %d versions of erased ratings", months[0].Month, months[0].Epoch, months[0].Versions)
	}
	return err
}

// blank removes the text of erased ratings from epochs that are beside the current one.
func (e *Eraser) blank(ctx context.Context, tell func(string)) error {
	n, err := e.parts.Store.BlankOthers(ctx)
	if err == nil && n > 0 {
		tell(fmt.Sprintf("removed the text of %d erased ratings from epochs beside the current one", n))
	}
	return err
}

// tidy closes entries of the audit that were broken off: those that only had to be merged, and those that a later erasure
// of the same subjects has finished. It returns how many are left open.
func (e *Eraser) tidy(ctx context.Context) (open int, err error) {
	all, err := e.parts.Store.List(ctx)
	if err != nil {
		return 0, err
	}
	for i := range all {
		if all[i].State == clickhouse.ErasureFinished {
			continue
		}
		if all[i].State != clickhouse.ErasureDurable && !slices.ContainsFunc(all[i+1:], finishes(&all[i])) {
			open++
			continue
		}
		if err := e.close(ctx, all[i]); err != nil {
			return open, err
		}
	}
	return open, nil
}

// finishes returns whether an erasure has done what the entry was to do.
func finishes(entry *clickhouse.Erasure) func(clickhouse.Erasure) bool {
	return func(later clickhouse.Erasure) bool {
		return later.State == clickhouse.ErasureFinished && later.Kind == entry.Kind && slices.Equal(later.Subjects, entry.Subjects)
	}
}
