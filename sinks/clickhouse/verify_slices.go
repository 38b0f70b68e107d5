package clickhouse

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
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

	name     string   // of the window
	sums     []string // names of the sums
	reach    int64    // how far back the facts of a time reach
	closed   bool     // whether times beyond the watermark are left out
	compared *uint64  // counts the rows
	facts    *uint64  // counts the facts
}

// panes compares satisfaction_panes.
func (v *verifier) panes(ctx context.Context, days occupied) error {
	c := v.comparison()
	c.Table, c.Time, c.First = panesTable, "pane", "toInt64(toUnixTimestamp(pane))"
	c.Slide, c.Slides = int64(v.def.Pane/time.Second), 1
	c.compared, c.facts = &v.report.PaneRows, &v.report.Facts
	return v.spans(ctx, c, merged(days.facts, 0, days.panes), slidesPerSlice*c.Slide)
}

// window compares the closed ends of one window in satisfaction_windows, those alone of which no fact can have expired.
func (v *verifier) window(ctx context.Context, w window.Spec, days occupied) error {
	c := v.comparison()
	c.Table, c.Time, c.Window, c.name = windowsTable, "window_end", quote(w.Name), w.Name
	c.reach, c.Slide, c.closed = int64(w.Length/time.Second), int64(w.Slide/time.Second), true
	c.Slides = c.reach / c.Slide
	c.First = fmt.Sprintf("(intDiv(toInt64(toUnixTimestamp(pane)) + %[1]d, %[2]d) + 1) * %[2]d - %[1]d", int64(v.def.TimezoneOffset/time.Second), c.Slide)
	c.compared, c.facts = &v.report.WindowRows, new(uint64)
	checkpoints, err := v.checkpoints(ctx)
	if err != nil {
		return err
	}
	closed := int64(0)
	for _, checkpoint := range checkpoints {
		closed = max(closed, checkpoint.Watermark/1000)
	}
	var spans []span
	for _, s := range merged(days.facts, c.reach, days.ends) {
		spans = append(spans, span{max(s.from, v.retained()+c.reach), min(s.to, closed+1)})
	}
	return v.spans(ctx, c, spans, max(slidesPerSlice*c.Slide, c.reach))
}

// spans compares the spans, cut to what is to be compared.
func (v *verifier) spans(ctx context.Context, c comparison, spans []span, step int64) error {
	for _, s := range spans {
		if err := v.slices(ctx, c, v.within(s), step); err != nil {
			return err
		}
	}
	return nil
}

// plainSums are the columns of the sums in the order of fact_sums.sql. They are written down here and not taken from what writes
// the columns, which is compared.
var plainSums = []string{"ratings", "unscored", "satisfied", "highly_satisfied", "dissatisfied", "rating_sum", "rating_sum_squares", "stars_1", "stars_2", "stars_3", "stars_4", "stars_5",
	"response_time_sum", "response_time_n", "accuracy_sum", "accuracy_n", "completeness_sum", "completeness_n"}

func (v *verifier) comparison() comparison {
	names, columns := slices.Clone(plainSums), slices.Clone(plainSums)
	for i, metric := range extraNames(v.def) {
		names = append(names, metric+"_sum", metric+"_n")
		columns = append(columns, fmt.Sprintf("extra[%d]", 2*i+1), fmt.Sprintf("extra[%d]", 2*i+2))
	}
	return comparison{
		Epoch: v.epoch, Columns: strings.Join(columns, ", "), Width: len(names), sums: names,
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
	first, err := v.checkpoints(ctx)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		found, err := v.look(ctx, c)
		if err != nil {
			return err
		}
		if found.unsettled == 0 {
			return v.count(c, found)
		}
		if attempt >= v.opts.Attempts {
			last, err := v.checkpoints(ctx)
			if err != nil {
				return err
			}
			found.moving = !slices.ContainsFunc(found.partitions, func(p int32) bool { return last[p].Cut <= first[p].Cut })
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
	partitions                            []int32 // of what is unsettled
	moving                                bool    // whether a processor has stored more of all of these meanwhile
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
	err = each(ctx, v.conn, text, []any{&f.compared, &f.facts, &f.differing, &f.unsettled, &f.partitions, &f.differences}, func() {})
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
	if f.moving {
		v.report.Moving += f.unsettled
	} else {
		v.report.Unsettled += f.unsettled
	}
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
