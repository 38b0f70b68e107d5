package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/window"
)

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
	// Unsettled are panes and windows, of one partition each, that could not be judged: they hold facts beyond the
	// checkpoint, of a processor that is behind or has ended. They are no differences.
	Unsettled uint64
}

// OK says whether nothing differs and no rating id stands twice.
func (r *Report) OK() bool { return r.Differing == 0 && r.ConflictCount == 0 }

// Verify makes panes and windows anew from the facts, by SQL that shares nothing with the processor, and compares them
// with the stored ones. All-zero rows equal missing ones. It may run beside a processor: windows are compared up to each
// partition's watermark, and what a flush under way may change is looked at again. It reads one slice of time after the
// other, so that the memory it takes in the server is bounded.
func Verify(ctx context.Context, conn driver.Conn, epoch uint32, opts VerifyOptions) (Report, error) {
	if opts.Background {
		ctx = context.WithValue(ctx, background{}, true)
	}
	e, err := EpochNumber(ctx, conn, epoch)
	if err != nil {
		return Report{}, err
	}
	v := verifier{conn: conn, epoch: epoch, def: &e.Definition, grid: e.Definition.Grid(), opts: opts, report: Report{Epoch: epoch}}
	rows, err := v.bounds(ctx)
	if err != nil {
		return v.report, err
	}
	if err := v.panes(ctx, rows); err != nil {
		return v.report, err
	}
	for _, w := range v.grid.Windows {
		if err := v.window(ctx, w, rows); err != nil {
			return v.report, err
		}
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
	grid   window.Grid
	opts   VerifyOptions
	report Report
}

// span is a range of Unix seconds, the end exclusive.
type span struct{ from, to int64 }

// bounds returns between which times any row of the epoch lies.
func (v *verifier) bounds(ctx context.Context) (span, error) {
	var first, last uint32
	if err := each(ctx, v.conn, boundsQuery(v.epoch), []any{&first, &last}, func() {}); err != nil {
		return span{}, failed(err, "read the bounds of epoch %d", v.epoch)
	}
	return span{int64(first), int64(last) + 1}, nil
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
