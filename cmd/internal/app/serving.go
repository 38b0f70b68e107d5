package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/gateway/web"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
	metrics "satisflow/sinks/prometheus"
)

// serving is the gateway of a process: its handler and what that writes to.
type serving struct {
	handler  http.Handler
	producer *source.Producer
}

// newServing composes the gateway. Close it after its server has ended.
func newServing(cfg *config.Config, conn driver.Conn, eraser api.Eraser, alerts alertReader, checks []api.Check, reg *prometheus.Registry, log zerolog.Logger) (*serving, error) {
	admission, err := withCustomerKey(cfg)
	if err != nil {
		return nil, usageError(err)
	}
	producer, err := source.NewProducer(cfg.Kafka.Config, cfg.Kafka.ProducerConfig())
	if err != nil {
		return nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	a, err := api.New(api.Options{
		Config: cfg.Gateway.Config, Events: cfg.Event, Admit: admission, Bands: cfg.Bands.Bands(), Target: cfg.Target.Share,
		Producer: producer, Reader: clickhouse.NewReader(conn), Eraser: eraser, Alerts: alerts, Checks: checks, Registerer: reg, Logger: log, Now: time.Now, Version: buildVersion().Version, BasePath: cfg.Gateway.BasePath,
	})
	if err != nil {
		_ = producer.Close() // nothing was produced
		return nil, fmt.Errorf("make the API: %w", err)
	}
	pages, err := newPages(cfg, conn, admission, alerts, log)
	if err != nil {
		_ = producer.Close() // nothing was produced
		return nil, fmt.Errorf("make the pages: %w", err)
	}
	mux := http.NewServeMux()
	a.Mount(mux)
	pages.Mount(mux)
	mux.Handle("GET /metrics", metrics.Handler(reg, log))
	return &serving{handler: belowBase(cfg.Gateway.BasePath, a.Guarded(mux)), producer: producer}, nil
}

// belowBase serves the handler below a path as well: of a proxy that keeps the path, and of one that takes it away. It stands before
// all others, which know no path but their own.
func belowBase(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	below := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch rest, inside := strings.CutPrefix(r.URL.Path, base); {
		case inside && rest == "":
			http.Redirect(w, r, base+"/", http.StatusMovedPermanently)
		case inside && rest[0] == '/':
			below.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// newPages makes the pages of the gateway.
func newPages(cfg *config.Config, conn driver.Conn, admission admit.Config, alerts alertReader, log zerolog.Logger) (*web.Web, error) {
	o := web.Options{
		Reader: clickhouse.NewReader(conn), Ratings: clickhouse.NewAlerts(conn), Alerts: alerts, ReadOnly: cfg.Gateway.ReadOnly || !cfg.Alerts.Enabled,
		Bands: cfg.Bands.Bands(), Target: cfg.Target.Share, Window: cfg.Alerts.Window, Zone: time.Duration(cfg.Windows.Timezone),
		BasePath: cfg.Gateway.BasePath, QueryTimeout: cfg.Gateway.QueryTimeout, Logger: log, Now: time.Now,
	}
	if cfg.Prometheus.URL != "" {
		o.Prometheus = web.NewPrometheus(cfg.Prometheus)
	}
	if !cfg.Event.AnyService() {
		o.Services = cfg.Event.Services
	}
	if cfg.Event.CustomerIDs == "hmac" {
		o.Stored = func(customer string) string { return admit.Pseudonym(admission.CustomerKey, customer) }
	}
	return web.New(o)
}

// Close writes what the producer holds.
func (s *serving) Close(context.Context) error { return s.producer.Close() }
