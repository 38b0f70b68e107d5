package clickhouse

import (
	"context"
	"fmt"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
)

// LatestComplete returns the newest end of the closed window that every partition has been read up to; false while a
// partition was never read.
func (s *Alerts) LatestComplete(ctx context.Context, e *Epoch, name string) (time.Time, bool, error) {
	w, err := windowNamed(e, name)
	if err != nil {
		return time.Time{}, false, err
	}
	freshness, err := NewReader(s.conn).Freshness(ctx, e)
	if err != nil || freshness.CompleteTo.Unix() <= 0 { // a partition that was never read stands at 1970
		return time.Time{}, false, err
	}
	grid := e.Definition.Grid()
	return grid.Start(grid.LastEnd(w, grid.PaneOf(freshness.CompleteTo.UnixMilli()))), true, nil
}

func windowNamed(e *Epoch, name string) (window.GridWindow, error) {
	for _, w := range e.Definition.Grid().Windows {
		if w.Name == name {
			return w, nil
		}
	}
	_, err := CurrentSpan(e, name, time.Time{}) // names those that there are
	return window.GridWindow{}, err
}

// Groups returns the values of a rolled dimension with the sums of the closed window that ended at the time, over all
// partitions, and of the one that ended where it began, by value. The caller asks for an end that is complete.
func (s *Alerts) Groups(ctx context.Context, e *Epoch, dimension, name string, end time.Time) ([]alert.Group, error) {
	w, err := windowNamed(e, name)
	if err != nil {
		return nil, err
	}
	length := time.Duration(w.Length) * e.Definition.Pane
	g := alert.Group{Subject: alert.Subject{Dimension: dimension}, End: end.UTC(), Window: length}
	var all []alert.Group
	err = each(ctx, s.conn, fmt.Sprintf(`SELECT value, sumIf(satisfied, window_end = %[1]d), sumIf(ratings, window_end = %[1]d),
  sumIf(satisfied, window_end != %[1]d), sumIf(ratings, window_end != %[1]d)
FROM satisfaction_windows FINAL
PREWHERE epoch = %[2]d AND `+"`window`"+` = %[3]s AND dimension = %[4]s AND window_end IN (%[1]d, %[5]d)
GROUP BY value
ORDER BY value`, end.Unix(), e.Number, quote(name), quote(dimension), end.Add(-length).Unix()),
		[]any{&g.Subject.Value, &g.Satisfied, &g.Ratings, &g.BeforeSatisfied, &g.BeforeRatings}, func() { all = append(all, g) })
	return all, failed(err, "read the windows %s of %s that ended at %s", name, dimension, end.UTC().Format(time.RFC3339))
}

// FreshGroup returns the sums of Groups for one value, of ratings alone that arrived sooner after they were given than
// freshAge. It is made of the facts: a rating counts with its last version, and so, once corrected, with the arrival of
// the correction.
func (s *Alerts) FreshGroup(ctx context.Context, e *Epoch, of alert.Subject, end time.Time, length, freshAge time.Duration) (alert.Group, error) {
	g := alert.Group{Subject: of, End: end.UTC(), Window: length}
	column, known := detailColumns[of.Dimension]
	if !known {
		return g, fmt.Errorf("%w %q for an alert of a group", ErrUnknownDetail, of.Dimension)
	}
	err := each(ctx, s.conn, fmt.Sprintf(`SELECT toInt64(countIf(satisfied AND NOT before)), toInt64(countIf(NOT before)), toInt64(countIf(satisfied AND before)), toInt64(countIf(before))
FROM
(
    -- What versions of a rating may differ in is filtered by after FINAL.
    SELECT pane < %[1]d AS before, rating_hundredths >= %[2]d AS satisfied
    FROM enterprise_customer_satisfaction FINAL
    PREWHERE epoch = %[3]d AND pane >= %[4]d AND pane < %[5]d
    WHERE NOT erased AND NOT quarantined AND NOT staff AND rating_hundredths > 0 AND %[6]s = %[7]s
      AND dateDiff('millisecond', occurred_at, record_timestamp) < %[8]d
)`, end.Add(-length).Unix(), e.Definition.Bands.Satisfied, e.Number, end.Add(-2*length).Unix(), end.Unix(), column, quote(of.Value), freshAge.Milliseconds()),
		[]any{&g.Satisfied, &g.Ratings, &g.BeforeSatisfied, &g.BeforeRatings}, func() {})
	return g, failed(err, "sum up the fresh ratings of a %s", of.Dimension)
}
