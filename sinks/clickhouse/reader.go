package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/window"
)

// Reader answers the questions of the API. Its methods take the epoch, which the caller reads once for what belongs
// together. It is safe for concurrent use.
type Reader struct {
	conn driver.Conn
}

// NewReader returns a reader of the connection's database.
func NewReader(conn driver.Conn) *Reader { return &Reader{conn: conn} }

// ErrUnknownWindow is wrapped by the error about a window that the epoch does not have.
var ErrUnknownWindow = errors.New("unknown window")

// Span is a range of time, the end exclusive.
type Span struct{ From, To time.Time }

// Selection says which keys are read: every value of the dimensions, and the single keys. An empty one selects all.
type Selection struct {
	Dimensions []string
	Keys       []window.Key
}

// condition returns the selection as a condition, with an AND before it.
func (s Selection) condition() string {
	var any []string
	if len(s.Dimensions) > 0 {
		any = append(any, "dimension IN ("+list(s.Dimensions, quote)+")")
	}
	if len(s.Keys) > 0 {
		any = append(any, "(dimension, value) IN ("+list(s.Keys, keyLiteral)+")")
	}
	if len(any) == 0 {
		return ""
	}
	return " AND (" + strings.Join(any, " OR ") + ")"
}

// Group is one value of a dimension and its sums over all partitions.
type Group struct {
	Key  window.Key
	Sums window.Sums
}

// Epoch returns the current epoch; false when no processor has registered one yet.
func (r *Reader) Epoch(ctx context.Context) (Epoch, bool, error) { return CurrentEpoch(ctx, r.conn) }

// CurrentSpan returns the current window of the name: it ends with the pane that contains now.
func CurrentSpan(e *Epoch, name string, now time.Time) (Span, error) {
	grid := e.Definition.Grid()
	var known []string
	for _, w := range grid.Windows {
		if w.Name == name {
			end := grid.PaneOf(now.UnixMilli()) + 1
			return Span{grid.Start(end - w.Length), grid.Start(end)}, nil
		}
		known = append(known, w.Name)
	}
	return Span{}, fmt.Errorf("%w %q: want one of %s", ErrUnknownWindow, name, strings.Join(known, ", "))
}

// Current returns the sums of the current window of the name, open panes included, by key. Keys without any pane in it
// are left out.
func (r *Reader) Current(ctx context.Context, e *Epoch, name string, selection Selection, now time.Time) (Span, []Group, error) {
	span, err := CurrentSpan(e, name, now)
	if err != nil {
		return Span{}, nil, err
	}
	return r.Range(ctx, e, span, selection)
}

// Range returns the sums of the panes that the span touches, by key, and the span of these whole panes.
func (r *Reader) Range(ctx context.Context, e *Epoch, span Span, selection Selection) (Span, []Group, error) {
	grid := e.Definition.Grid()
	from := grid.PaneOf(span.From.UnixMilli())
	to := grid.PaneOf(span.To.UnixMilli()-1) + 1
	whole := Span{grid.Start(from), grid.Start(to)}
	columns := sumColumns(e.Definition.Quality)
	var groups []Group
	var g Group
	dest := append([]any{&g.Key.Dimension, &g.Key.Value}, destinations(columns, &g.Sums)...)
	err := each(ctx, r.conn, rangeQuery(e.Number, seconds(&grid, from), seconds(&grid, to), selection, columns), dest,
		func() { groups = append(groups, g) })
	return whole, groups, failed(err, "read the panes from %s to %s", whole.From.Format(time.RFC3339), whole.To.Format(time.RFC3339))
}

func rangeQuery(epoch uint32, from, to int64, selection Selection, columns []sumColumn) string {
	return fmt.Sprintf(`SELECT dimension, value, %s
FROM satisfaction_panes FINAL
PREWHERE epoch = %d AND pane >= %d AND pane < %d%s
GROUP BY dimension, value
ORDER BY dimension, value`, summedNames(columns), epoch, from, to, selection.condition())
}

func summedNames(columns []sumColumn) string {
	return list(columns, func(c sumColumn) string { return "sum(" + c.expr + ")" })
}

// Begin returns the start of the earliest pane that a rating counts in, and the zero time when there is none.
func (r *Reader) Begin(ctx context.Context, e *Epoch) (time.Time, error) {
	var n uint64
	var first uint32
	err := each(ctx, r.conn, fmt.Sprintf("SELECT count(), toUInt32(min(pane)) FROM satisfaction_panes FINAL PREWHERE epoch = %d AND dimension = %s WHERE ratings + unscored > 0",
		e.Number, quote(window.Overall)), []any{&n, &first}, func() {})
	if err != nil || n == 0 {
		return time.Time{}, failed(err, "read when the ratings of epoch %d begin", e.Number)
	}
	return time.Unix(int64(first), 0).UTC(), nil
}

// Values are the values of one rolled dimension.
type Values struct {
	Dimension string
	Values    []string
}

// Dimensions returns the dimensions and values that have ever had a pane, by name.
func (r *Reader) Dimensions(ctx context.Context, e *Epoch) ([]Values, error) {
	var all []Values
	var dimension, value string
	err := each(ctx, r.conn, fmt.Sprintf("SELECT DISTINCT dimension, value FROM satisfaction_panes WHERE epoch = %d ORDER BY dimension, value", e.Number),
		[]any{&dimension, &value}, func() {
			if len(all) == 0 || all[len(all)-1].Dimension != dimension {
				all = append(all, Values{Dimension: dimension})
			}
			last := &all[len(all)-1]
			last.Values = append(last.Values, value)
		})
	return all, failed(err, "read the dimensions of epoch %d", e.Number)
}
