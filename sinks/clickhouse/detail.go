package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/window"
)

// ErrUnknownDetail is wrapped by the error about a dimension that facts do not have.
var ErrUnknownDetail = errors.New("unknown dimension")

// Customer is the dimension that is never rolled: there are too many customers for panes.
const Customer = "customer"

// detailColumns are the columns of the facts by which a detail may be asked for, beside the customer and the attributes.
var detailColumns = map[string]string{
	window.Service: "service", window.Product: "product_id", window.Channel: "channel", window.Segment: "segment",
	"source": "source", "language": "language", "survey": "survey_id",
}

// DetailGroup is what one step of time holds for one service.
type DetailGroup struct {
	At time.Time // start of the step; of the span when there are no steps
	Group
}

// Detail returns figures that are not rolled, made of the facts: of one customer, or one value of another dimension,
// rated in the span, which is exact to the millisecond. The groups are the services, and under the dimension staff what
// staff gave; the caller adds up the services. With a step, a whole number of seconds, there is a group for each
// step (aligned as the windows are) that holds anything, else one for the whole span.
func (r *Reader) Detail(ctx context.Context, e *Epoch, key window.Key, span Span, step time.Duration) ([]DetailGroup, error) {
	input, err := newDetail(e, key, span, step)
	if err != nil {
		return nil, err
	}
	text, err := rendered("detail.sql", input)
	if err != nil {
		return nil, err
	}
	columns := sumColumns(e.Definition.Quality)
	var groups []DetailGroup
	var at int64
	var staff bool
	var service string
	var sums []int64
	err = each(ctx, r.conn, text, []any{&at, &staff, &service, &sums}, func() {
		g := DetailGroup{At: time.Unix(at, 0).UTC(), Group: Group{Key: window.Key{Dimension: window.Service, Value: service}}}
		if step == 0 {
			g.At = span.From.UTC()
		}
		if staff {
			g.Key.Dimension = window.Staff
		}
		for i, c := range columns {
			*c.of(&g.Sums) = sums[i]
		}
		groups = append(groups, g)
	})
	return groups, failed(err, "read the facts of one %s", key.Dimension)
}

// detail is the data of detail.sql.
type detail struct {
	Epoch         uint32
	Keys          string // condition on the keys of a customer's ratings; empty for another dimension
	Condition     string // on what versions of a rating may differ in
	Step          string // expression of the start of a step, Unix seconds
	FirstPane, To int64  // Unix seconds
	FromMS, ToMS  int64
	Bands         window.Bands
	Extra         []string
	Missing       string
}

func newDetail(e *Epoch, key window.Key, span Span, step time.Duration) (detail, error) {
	grid := e.Definition.Grid()
	d := detail{
		Epoch: e.Number, Step: "toInt64(0)", Bands: e.Definition.Bands, Extra: literals(extraNames(&e.Definition)), Missing: missing,
		FirstPane: seconds(&grid, grid.PaneOf(span.From.UnixMilli())), To: unixCeil(span.To),
		FromMS: span.From.UnixMilli(), ToMS: span.To.UnixMilli(),
	}
	if step != 0 {
		if step < time.Second || step%time.Second != 0 {
			return detail{}, fmt.Errorf("step %v: want whole seconds", step)
		}
		offset := int64(e.Definition.TimezoneOffset / time.Second)
		d.Step = fmt.Sprintf("intDiv(toInt64(toUnixTimestamp(occurred_at)) + %[1]d, %[2]d) * %[2]d - %[1]d", offset, int64(step/time.Second))
	}
	attributes := declaredAttributes(&e.Definition)
	column, known := detailColumns[key.Dimension]
	switch {
	case key.Dimension == Customer:
		d.Keys = keysOf(e.Number, "customer_id", quote(key.Value), fmt.Sprintf(" AND pane >= %d AND pane < %d", d.FirstPane, d.To))
		d.Condition = "customer_id = " + quote(key.Value)
	case known:
		d.Condition = column + " = " + quote(key.Value)
	case slices.Contains(attributes, key.Dimension):
		d.Condition = "attributes[" + quote(key.Dimension) + "] = " + quote(key.Value)
	default:
		return detail{}, fmt.Errorf("%w %q: want %s", ErrUnknownDetail, key.Dimension, strings.Join(DetailDimensions(e), ", "))
	}
	return d, nil
}

// DetailDimensions returns the dimensions that Detail knows.
func DetailDimensions(e *Epoch) []string {
	names := append([]string{Customer}, declaredAttributes(&e.Definition)...)
	for name := range detailColumns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
