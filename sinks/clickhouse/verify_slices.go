package clickhouse

import (
	"context"
	"fmt"
	"math"
	"time"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// slidesPerSlice bounds how much one query of Verify holds in the server's memory.
const slidesPerSlice = 288

// comparison is what one table, or one window of it, is compared by: the data of verify.sql. Times are Unix seconds.
type comparison struct {
	Epoch      uint32
	Table      string
	Time       string // column of the time
	Columns    string // of the sums
	Width      int    // of the sums
	Window     string // literal of the window's name; empty for panes
	First      string // expression of the first time that a fact counts at
	Slide      int64  // from there to the next
	Slides     int64  // how many
	Bands      window.Bands
	Dimensions string   // literals of the rolled ones
	Attributes []string // literals of the declared ones
	Extra      []string // literals of the declared quality metrics
	Missing    string   // literal of no quality
	Most       int      // differences listed

	From, To  int64  // times of the slice
	FactsFrom int64  // start of the first pane that they reach back to
	Cut       string // expression of a partition's cut
	Watermark string // expression of the last time that a partition is compared at

	name     string // of the window
	sums     []sumColumn
	reach    int64   // how far back the facts of a time reach
	closed   bool    // whether times beyond the watermark are left out
	compared *uint64 // counts the rows
	facts    *uint64 // counts the facts
}

// panes compares satisfaction_panes.
func (v *verifier) panes(ctx context.Context, s span) error {
	c := v.comparison()
	c.Table, c.Time, c.First = panesTable, "pane", "toInt64(toUnixTimestamp(pane))"
	c.Slide, c.Slides = v.grid.PaneMS/1000, 1
	c.compared, c.facts = &v.report.PaneRows, &v.report.Facts
	return v.slices(ctx, c, v.within(s), slidesPerSlice*c.Slide)
}

// window compares the closed ends of one window in satisfaction_windows, those alone of which no fact can have expired.
func (v *verifier) window(ctx context.Context, w window.GridWindow, s span) error {
	c := v.comparison()
	c.Table, c.Time, c.Window, c.name = windowsTable, "window_end", quote(w.Name), w.Name
	c.reach, c.Slide, c.closed = seconds(&v.grid, w.Length), seconds(&v.grid, w.Slide), true
	c.Slides = c.reach / c.Slide
	c.First = fmt.Sprintf("(intDiv(toInt64(toUnixTimestamp(pane)) + %[1]d, %[2]d) + 1) * %[2]d - %[1]d", seconds(&v.grid, v.grid.Offset), c.Slide)
	c.compared, c.facts = &v.report.WindowRows, new(uint64)
	checkpoints, err := v.checkpoints(ctx)
	if err != nil {
		return err
	}
	closed := int64(0)
	for _, checkpoint := range checkpoints {
		closed = max(closed, checkpoint.Watermark/1000)
	}
	s = v.within(span{s.from, min(s.to+c.reach, closed+1)})
	s.from = max(s.from, v.retained()+c.reach)
	return v.slices(ctx, c, s, max(slidesPerSlice*c.Slide, c.reach))
}

func (v *verifier) comparison() comparison {
	sums := sumColumns(v.def.Quality)
	return comparison{
		Epoch: v.epoch, Columns: sumExpressions(sums), Width: len(sums), sums: sums,
		Bands: v.def.Bands, Dimensions: list(v.def.Dimensions, quote),
		Attributes: literals(declaredAttributes(v.def)), Extra: literals(extraNames(v.def)),
		Missing: missing, Most: v.opts.MaxDifferences,
	}
}

func literals(names []string) []string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return quoted
}

func (v *verifier) slices(ctx context.Context, c comparison, s span, step int64) error {
	for c.From = s.from; c.From < s.to; c.From = c.To {
		c.To = min(c.From+step, s.to)
		c.FactsFrom = c.From - c.reach
		if err := v.slice(ctx, c); err != nil {
			return failed(err, "compare %s %s from %s to %s", c.Table, c.name, instant(c.From), instant(c.To))
		}
	}
	return nil
}

// slice compares one slice, and again as long as a flush under way may have made it differ.
func (v *verifier) slice(ctx context.Context, c comparison) error {
	for attempt := 1; ; attempt++ {
		found, err := v.look(ctx, c)
		if err != nil {
			return err
		}
		if found.unsettled == 0 || attempt >= v.opts.Attempts {
			return v.count(c, found)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(v.opts.Pause):
		}
	}
}

// findings are the result of verify.sql.
type findings struct {
	compared, facts, differing, unsettled uint64
	differences                           string
}

// look reads the checkpoints, then compares. What every row below the cut had made durable by then is seen by the query.
func (v *verifier) look(ctx context.Context, c comparison) (f findings, err error) {
	checkpoints, err := v.checkpoints(ctx)
	if err != nil {
		return f, err
	}
	c.Cut = byPartition(checkpoints, func(c owner.Checkpoint) int64 { return c.Cut })
	c.Watermark = fmt.Sprint(int64(math.MaxInt64))
	if c.closed {
		c.Watermark = byPartition(checkpoints, func(c owner.Checkpoint) int64 { return c.Watermark / 1000 })
	}
	text, err := rendered("verify.sql", c)
	if err != nil {
		return f, err
	}
	err = each(ctx, v.conn, text, []any{&f.compared, &f.facts, &f.differing, &f.unsettled, &f.differences}, func() {})
	return f, err
}

func (v *verifier) checkpoints(ctx context.Context) (map[int32]owner.Checkpoint, error) {
	return EpochCheckpoints(ctx, v.conn, &Epoch{Number: v.epoch, Definition: *v.def})
}

// byPartition returns an expression of a number for each partition, 0 for those without a checkpoint.
func byPartition(checkpoints map[int32]owner.Checkpoint, number func(owner.Checkpoint) int64) string {
	if len(checkpoints) == 0 {
		return "toInt64(0)"
	}
	var from, to []int64
	for p, c := range checkpoints {
		from, to = append(from, int64(p)), append(to, number(c))
	}
	return fmt.Sprintf("transform(toInt64(partition), [%s], [%s], toInt64(0))", list(from, wide), list(to, wide))
}

func wide(i int64) string { return fmt.Sprintf("toInt64(%d)", i) }

func instant(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// count adds the findings to the report.
func (v *verifier) count(c comparison, f findings) error {
	*c.compared += f.compared
	*c.facts += f.facts
	v.report.Differing += f.differing
	v.report.Unsettled += f.unsettled
	rows, err := decodeDifferences(f.differences)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if len(v.report.Differences) < v.opts.MaxDifferences {
			v.report.Differences = append(v.report.Differences, r.difference(c))
		}
	}
	return nil
}

func boundsQuery(epoch uint32) string {
	return fmt.Sprintf(`SELECT toUInt32(min(first)), toUInt32(max(last)) FROM
(
    SELECT min(pane) AS first, max(pane) AS last FROM enterprise_customer_satisfaction WHERE epoch = %[1]d HAVING count() > 0
    UNION ALL
    SELECT min(pane), max(pane) FROM satisfaction_panes WHERE epoch = %[1]d HAVING count() > 0
    UNION ALL
    SELECT min(window_end), max(window_end) FROM satisfaction_windows WHERE epoch = %[1]d HAVING count() > 0
)`, epoch)
}
