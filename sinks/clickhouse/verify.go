package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/window"
)

// ErrVerifyOptions is wrapped by errors about options that cannot be meant.
var ErrVerifyOptions = errors.New("wrong options")

// Validate returns an error that says what would be right.
func (o VerifyOptions) Validate() error {
	switch {
	case o.MaxDifferences < 0:
		return fmt.Errorf("%w: %d differences to list: want 0 or more", ErrVerifyOptions, o.MaxDifferences)
	case !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To):
		return fmt.Errorf("%w: from %s to %s: want a start before the end", ErrVerifyOptions, o.From.Format(time.RFC3339), o.To.Format(time.RFC3339))
	}
	return nil
}

// VerifyOptions say what is compared.
type VerifyOptions struct {
	Now            time.Time     // the clock: facts of whole months expire at RetentionMonths before it
	From, To       time.Time     // panes that start, and windows that end, at From or later and before To; zero is no bound
	MaxDifferences int           // differences, and conflicts, listed one by one; the rest is only counted
	Pause          time.Duration // wait between two looks at rows that a flush under way may still change
	Attempts       int           // looks at such rows before they are counted as unsettled
	Background     bool          // take one thread, and wait for queries of higher priority
	SkipConflicts  bool          // do not look for rating ids that stand twice
}

// DefaultVerifyOptions compare everything and list 100 differences.
func DefaultVerifyOptions(now time.Time) VerifyOptions {
	return VerifyOptions{Now: now, MaxDifferences: 100, Pause: 2 * time.Second, Attempts: 5}
}

// RetentionMonths is for how long facts are kept at least; panes and windows that reach further back are not compared.
const RetentionMonths = 25

// Report says what was compared and what differs.
type Report struct {
	Epoch         uint32
	Facts         uint64 // facts that the panes were made of anew, erased and quarantined ones included
	PaneRows      uint64 // compared, all-zero ones included
	WindowRows    uint64 // compared, all-zero ones included
	Differing     uint64 // rows of both tables that differ
	Differences   []Difference
	ConflictCount uint64 // rating ids that stand at more than one place
	Conflicts     []Conflict
	// Replaced are keys of which versions differ in customer or time, as a producer gave one id to two ratings: the last one
	// counts alone. They are seen until their versions are merged.
	Replaced uint64
	// Misfiled are versions of ratings that are not in the pane of their time.
	Misfiled uint64
	// Unsettled are panes and windows, of one partition each, that could not be judged: they hold facts beyond the
	// checkpoint, of a processor that is behind or has ended. They are no differences.
	Unsettled uint64
	// Moving are those that could not be judged as a processor kept writing them.
	Moving uint64
	// Unfilled are the partitions that have no checkpoint, or one of which nothing is complete.
	Unfilled []int32
	// Beyond are pane rows that count ratings of before Since, whose facts may have expired: nothing is left to compare them with.
	Beyond uint64
	Since  time.Time
}

// Verdict is what a comparison has shown.
type Verdict string

const (
	// Same is when everything was judged and nothing differs.
	Same Verdict = "no difference"
	// Differs is when something differs, stands twice or is misfiled.
	Differs Verdict = "differs"
	// Undecided is when nothing differs in what was judged, and something could not be: a processor is behind, or none runs.
	Undecided Verdict = "not all judged"
	// Empty is when there was nothing to compare.
	Empty Verdict = "nothing compared"
)

// Verdict returns what the comparison has shown.
func (r *Report) Verdict() Verdict {
	switch {
	case r.Differing > 0 || r.ConflictCount > 0 || r.Replaced > 0 || r.Misfiled > 0:
		return Differs
	case r.PaneRows == 0 && r.WindowRows == 0 && r.Unsettled == 0:
		return Empty
	case r.Unsettled > 0 || len(r.Unfilled) > 0:
		return Undecided
	}
	return Same
}

// OK says whether something was compared, all of it was judged, and nothing differs.
func (r *Report) OK() bool { return r.Verdict() == Same }

// Verify makes panes and windows anew from the facts, by SQL and times of its own that share nothing with the processor, and
// compares them with the stored ones. All-zero rows equal missing ones. It may run beside a processor: windows are compared up
// to each partition's watermark, and what a flush under way may change is looked at again. It reads one slice of time after the
// other, so that the memory it takes in the server is bounded, and only those in which anything is stored.
func Verify(ctx context.Context, conn driver.Conn, epoch uint32, opts VerifyOptions) (Report, error) {
	if err := opts.Validate(); err != nil {
		return Report{}, err
	}
	if opts.Background {
		ctx = context.WithValue(ctx, background{}, true)
	}
	e, err := EpochNumber(ctx, conn, epoch)
	if err != nil {
		return Report{}, err
	}
	v := verifier{conn: conn, epoch: epoch, def: &e.Definition, opts: opts, report: Report{Epoch: epoch}}
	if err := v.filled(ctx); err != nil {
		return v.report, err
	}
	days, err := v.occupied(ctx)
	if err != nil {
		return v.report, err
	}
	if err := v.panes(ctx, days); err != nil {
		return v.report, err
	}
	for _, w := range v.def.Windows {
		if err := v.window(ctx, w, days); err != nil {
			return v.report, err
		}
	}
	if err := v.filing(ctx); err != nil {
		return v.report, err
	}
	if opts.SkipConflicts {
		return v.report, nil
	}
	return v.report, v.conflicts(ctx)
}

// Months returns the starts of the months of which the epoch holds panes, UTC, the oldest first.
func Months(ctx context.Context, conn driver.Conn, epoch uint32) (months []time.Time, err error) {
	var start uint32
	err = each(ctx, conn, fmt.Sprintf("SELECT DISTINCT toUInt32(toDateTime(toStartOfMonth(pane), 'UTC')) AS month FROM %s WHERE epoch = %d ORDER BY month", panesTable, epoch),
		[]any{&start}, func() { months = append(months, time.Unix(int64(start), 0).UTC()) })
	return months, failed(err, "list the months of epoch %d", epoch)
}

// verifier is one run of Verify.
type verifier struct {
	conn   driver.Conn
	epoch  uint32
	def    *window.Definition
	opts   VerifyOptions
	report Report
}

// span is a range of Unix seconds, the end exclusive.
type span struct{ from, to int64 }

// filled notes the partitions of which nothing can be judged.
func (v *verifier) filled(ctx context.Context) error {
	checkpoints, err := v.checkpoints(ctx)
	if err != nil {
		return err
	}
	for p := range int32(v.def.Partitions) {
		if c, found := checkpoints[p]; !found || c.Watermark <= 0 {
			v.report.Unfilled = append(v.report.Unfilled, p)
		}
	}
	return nil
}

// occupied are the days, UTC, in which anything is stored, in order and merged where they touch.
type occupied struct{ facts, panes, ends []span }

func (v *verifier) occupied(ctx context.Context) (o occupied, err error) {
	for _, of := range []struct {
		into        *[]span
		table, time string
	}{{&o.facts, factsTable, "pane"}, {&o.panes, panesTable, "pane"}, {&o.ends, windowsTable, "window_end"}} {
		var day uint32
		err := each(ctx, v.conn, fmt.Sprintf("SELECT DISTINCT toUInt32(intDiv(toUnixTimestamp(%s), 86400)) AS day FROM %s WHERE epoch = %d ORDER BY day", of.time, of.table, v.epoch),
			[]any{&day}, func() { *of.into = append(*of.into, span{int64(day) * 86400, int64(day+1) * 86400}) })
		if err != nil {
			return o, failed(err, "look which days epoch %d holds", v.epoch)
		}
	}
	v.report.Since = time.Unix(v.retained(), 0).UTC()
	err = each(ctx, v.conn, fmt.Sprintf("SELECT count() FROM %s FINAL PREWHERE epoch = %d AND pane < %d WHERE ratings + unscored > 0", panesTable, v.epoch, max(0, v.retained())), []any{&v.report.Beyond}, func() {})
	return o, failed(err, "look for sums of epoch %d whose ratings have expired", v.epoch)
}

// merged returns the spans of both in order, merged where they touch; the ends of the first reach so much further.
func merged(a []span, reach int64, b []span) (out []span) {
	all := slices.Clone(b)
	for _, s := range a {
		all = append(all, span{s.from, s.to + reach})
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// filing looks for ratings that are not in the pane of their time.
func (v *verifier) filing(ctx context.Context) error {
	s := v.within(span{0, 1<<32 - 1})
	pane := int64(v.def.Pane / time.Second)
	err := each(ctx, v.conn, fmt.Sprintf(`SELECT count() FROM %s
PREWHERE epoch = %d AND pane >= %d AND pane < %d
WHERE toInt64(toUnixTimestamp(pane)) != intDiv(intDiv(toUnixTimestamp64Milli(occurred_at), 1000), %[5]d) * %[5]d`, factsTable, v.epoch, max(0, s.from), max(0, s.to), pane),
		[]any{&v.report.Misfiled}, func() {})
	return failed(err, "look for ratings in wrong panes of epoch %d", v.epoch)
}

// within cuts the span to the options' bounds and to the time whose facts are all there.
func (v *verifier) within(s span) span {
	s.from = max(s.from, v.retained())
	if !v.opts.From.IsZero() {
		s.from = max(s.from, v.opts.From.Unix())
	}
	if !v.opts.To.IsZero() {
		s.to = min(s.to, v.opts.To.Unix())
	}
	return s
}

// retained returns the time from which on no fact has expired.
func (v *verifier) retained() int64 {
	y, m, _ := v.opts.Now.UTC().Date()
	return time.Date(y, m-RetentionMonths, 1, 0, 0, 0, 0, time.UTC).Unix()
}
