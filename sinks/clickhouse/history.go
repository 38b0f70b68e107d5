package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// Freshness says how far an epoch is durable.
type Freshness struct {
	Partitions  int                // of the epoch
	Checkpoints []owner.Checkpoint // by partition; fewer than Partitions while some have none
	CompleteTo  time.Time          // least watermark: windows that ended by it are complete; zero while a checkpoint is missing
	FreshAt     time.Time          // up to when every partition was read; zero while a checkpoint is missing
}

// Freshness returns how far the epoch is durable.
func (r *Reader) Freshness(ctx context.Context, e *Epoch) (Freshness, error) {
	partitions := make([]int32, e.Definition.Partitions)
	for i := range partitions {
		partitions[i] = int32(i)
	}
	found, err := NewStore(r.conn, e.Number, &e.Definition).Checkpoints(ctx, partitions)
	if err != nil {
		return Freshness{}, err
	}
	f := Freshness{Partitions: len(partitions), Checkpoints: slices.SortedFunc(maps.Values(found),
		func(a, b owner.Checkpoint) int { return cmp.Compare(a.Partition, b.Partition) })}
	if len(found) == len(partitions) {
		f.CompleteTo = least(f.Checkpoints, func(c owner.Checkpoint) int64 { return c.Watermark })
		f.FreshAt = least(f.Checkpoints, func(c owner.Checkpoint) int64 { return c.FreshAt })
	}
	return f, nil
}

func least(all []owner.Checkpoint, ms func(owner.Checkpoint) int64) time.Time {
	first := slices.MinFunc(all, func(a, b owner.Checkpoint) int { return cmp.Compare(ms(a), ms(b)) })
	return time.UnixMilli(ms(first)).UTC()
}

// Closed is a closed window of one key, over all partitions.
type Closed struct {
	Span
	Complete bool // whether every partition has been read up to its end
	Group
}

// History returns the closed windows of the name that end from span.From on and before span.To, by end and key. Windows
// that no partition has closed yet are left out.
func (r *Reader) History(ctx context.Context, e *Epoch, name string, selection Selection, span Span) ([]Closed, error) {
	i := slices.IndexFunc(e.Definition.Windows, func(s window.Spec) bool { return s.Name == name })
	if i < 0 {
		_, err := CurrentSpan(e, name, span.To)
		return nil, err
	}
	// Read first: a checkpoint newer than the windows would call one complete that was not there yet.
	freshness, err := r.Freshness(ctx, e)
	if err != nil {
		return nil, err
	}
	columns := sumColumns(e.Definition.Quality)
	var all []Closed
	var end uint32
	var g Group
	dest := append([]any{&end, &g.Key.Dimension, &g.Key.Value}, destinations(columns, &g.Sums)...)
	err = each(ctx, r.conn, historyQuery(e.Number, name, span, selection, columns), dest, func() {
		at := time.Unix(int64(end), 0).UTC()
		all = append(all, Closed{Span{at.Add(-e.Definition.Windows[i].Length), at}, !at.After(freshness.CompleteTo), g})
	})
	return all, failed(err, "read the closed windows %s", name)
}

func historyQuery(epoch uint32, name string, span Span, selection Selection, columns []sumColumn) string {
	return fmt.Sprintf("SELECT toUInt32(window_end) AS ends, dimension, value, %s\n"+
		"FROM satisfaction_windows FINAL\n"+
		"PREWHERE epoch = %d AND `window` = %s AND window_end >= %d AND window_end < %d%s\n"+
		"GROUP BY ends, dimension, value\n"+
		"ORDER BY ends, dimension, value",
		summedNames(columns), epoch, quote(name), unixCeil(span.From), unixCeil(span.To), selection.condition())
}

// unixCeil returns the first whole second from the time on.
func unixCeil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}
