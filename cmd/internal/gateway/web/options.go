package web

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// Reader gives the sums that figures are made of; clickhouse.Reader does.
type Reader interface {
	Epoch(ctx context.Context) (clickhouse.Epoch, bool, error)
	Freshness(ctx context.Context, e *clickhouse.Epoch) (clickhouse.Freshness, error)
	Range(ctx context.Context, e *clickhouse.Epoch, span clickhouse.Span, selection clickhouse.Selection) (clickhouse.Span, []clickhouse.Group, error)
	History(ctx context.Context, e *clickhouse.Epoch, name string, selection clickhouse.Selection, span clickhouse.Span) ([]clickhouse.Closed, error)
	Detail(ctx context.Context, e *clickhouse.Epoch, key window.Key, span clickhouse.Span, step time.Duration) ([]clickhouse.DetailGroup, error)
	Dimensions(ctx context.Context, e *clickhouse.Epoch) ([]clickhouse.Values, error)
	Begin(ctx context.Context, e *clickhouse.Epoch) (time.Time, error)
}

// Ratings gives single ratings of customers, without what was written in them; clickhouse.Alerts does.
type Ratings interface {
	Ratings(ctx context.Context, e *clickhouse.Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error)
}

// Alerts are the alerts on customers, services and segments; alerting.Service and alerting.Reader are such.
type Alerts interface {
	List(ctx context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error)
	Get(ctx context.Context, id string) (alert.Alert, []alert.Entry, error)
	Act(ctx context.Context, id string, version uint64, do alert.Request) (alert.Alert, []alert.Entry, error)
	Counts(ctx context.Context) (clickhouse.AlertCounts, error)
	Watchlist(ctx context.Context, limit int, cursor string) (alerting.Watchlist, error)
	Reason(a *alert.Alert) alerting.Text
}

// Monitoring gives the alerts of rules that are firing; Prometheus does.
type Monitoring interface {
	Firing(ctx context.Context) ([]FiringAlert, error)
}

// Options are what the pages are made of.
type Options struct {
	Reader  Reader
	Ratings Ratings
	Alerts  Alerts
	// Prometheus shows what is firing; nil where none is configured, which pages say.
	Prometheus Monitoring
	ReadOnly   bool          // whether alerts cannot be worked on here, so that there are no forms
	Bands      window.Bands  // for the line of low ratings; figures are of the bands of their epoch
	Target     float64       // share of satisfied ratings that is aimed at, such as 0.95
	Window     time.Duration // of a customer's mean and share, as alerts have it; 28 days when 0
	Services   []string      // that are known before their first rating
	Zone       time.Duration // offset from UTC in which times are shown: that of the windows
	BasePath   string        // before every path as browsers see it, such as /satisflow behind a proxy; empty for none

	Stored       func(customer string) string // the id under which a customer's facts are stored; nil for the id itself
	QueryTimeout time.Duration                // for all that one page reads; 20 s when 0
	Logger       zerolog.Logger
	Now          func() time.Time // time.Now when nil
}

const (
	day           = 24 * time.Hour
	defaultWindow = 28 * day
)

// complete fills in what is missing. The error names an option that is wrong.
func (o *Options) complete() error {
	if !(o.Target > 0 && o.Target < 1) {
		return fmt.Errorf("target: %v: want a share between 0 and 1, such as 0.95", o.Target)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Stored == nil {
		o.Stored = func(customer string) string { return customer }
	}
	o.QueryTimeout = cmp.Or(o.QueryTimeout, 20*time.Second)
	o.Window = cmp.Or(o.Window, defaultWindow)
	return nil
}
