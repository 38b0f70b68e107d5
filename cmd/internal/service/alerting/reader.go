package alerting

import (
	"context"
	"errors"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// ErrReadOnly says that this process does not write alerts; ErrNotReady that it does not yet.
var (
	ErrReadOnly = errors.New("this process does not write alerts")
	ErrNotReady = errors.New("this process does not write alerts yet")
)

// Reader answers questions about alerts, in the process that writes them and in those that don't. It is safe for concurrent
// use.
type Reader struct {
	cfg   Config
	parts Parts
}

// NewReader returns a reader. Of the parts it needs Store, Facts, Epoch and Now.
func NewReader(cfg Config, parts Parts) *Reader { return &Reader{cfg, parts} }

// List returns the alerts that the filter means, and the name of the next page; see clickhouse.Alerts.
func (r *Reader) List(ctx context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error) {
	return r.parts.Store.List(ctx, f)
}

// Counts counts all alerts about which somebody still has to do something.
func (r *Reader) Counts(ctx context.Context) (clickhouse.AlertCounts, error) {
	return r.parts.Store.Counts(ctx, r.parts.Now())
}

// Get returns an alert and its record, the oldest entry first, or ErrUnknown.
func (r *Reader) Get(ctx context.Context, id string) (alert.Alert, []alert.Entry, error) {
	a, record, found, err := r.parts.Store.Get(ctx, id)
	if err == nil && !found {
		err = ErrUnknown
	}
	return a, record, err
}

// Act returns ErrReadOnly.
func (r *Reader) Act(context.Context, string, uint64, alert.Request) (alert.Alert, []alert.Entry, error) {
	return alert.Alert{}, nil, ErrReadOnly
}

// Reason says why there is the alert, in a sentence without an end. It holds no text of a rating.
func (r *Reader) Reason(a *alert.Alert) Text { return r.cfg.Reason(a) }
