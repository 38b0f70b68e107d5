package prometheus

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/pipeline"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	metrics "satisflow/sinks/prometheus"
)

// exporter is the real one of a processor that owns the only partition, of one service, over a state that a test drives.
type exporter struct {
	address string

	mu          sync.Mutex
	satisfied   int64     // of the last hour's ratings
	behind      time.Time // since when, gaining on the clock; zero for not at all
	unreachable bool
}

// Ratings of the service in its windows; those of the last hour are what a test drives.
const inHour, inMonth, service = 200, 50_000, "legal_consulting"

func startExporter(t *testing.T) *exporter {
	t.Helper()
	e := &exporter{satisfied: inHour}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.NewExporter(metrics.ExporterConfig{
		Epoch: 1, Dimensions: []string{window.Overall, window.Service}, Partitions: 1, Target: 0.95,
	}, e.view, time.Now))
	metrics.NewCurrentEpoch(registry).Set(1, time.Now())
	all := metrics.Handler(registry, zerolog.Nop())
	none := metrics.Handler(prometheus.NewRegistry(), zerolog.Nop())
	server := httptest.NewServer(e.handler(all, none))
	t.Cleanup(server.Close)
	e.address = strings.TrimPrefix(server.URL, "http://")
	return e
}

func (e *exporter) set(change func(*exporter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

// view is the state as it is now.
func (e *exporter) view() pipeline.View {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, satisfied := time.Now(), e.satisfied
	fresh := now
	if !e.behind.IsZero() { // twice as fast as the clock: a backlog that shrinks pages nobody
		fresh = now.Add(now.Sub(e.behind) - 3*time.Minute)
	}
	return pipeline.View{Topic: 1, Partitions: []pipeline.PartitionView{{
		Progress: owner.Progress{FreshAt: fresh.UnixMilli(), Watermark: now.UnixMilli()},
		Current: func(yield func(window.Key, string, *window.Sums)) {
			key := window.Key{Dimension: window.Service, Value: service}
			// Highly satisfied, dissatisfied and points are what they would be if another gauge were taken for the satisfied.
			yield(key, "1h", &window.Sums{Ratings: inHour, Satisfied: satisfied, Dissatisfied: inHour - satisfied, Sum: 500 * satisfied})
			yield(key, "28d", &window.Sums{Ratings: inMonth, Satisfied: inMonth*97/100 + satisfied, Highly: inMonth / 2})
		},
	}}}
}

// handler shows the metrics; none while it is unreachable.
func (e *exporter) handler(all, none http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		handler := all
		if e.unreachable {
			handler = none
		}
		e.mu.Unlock()
		handler.ServeHTTP(w, r)
	})
}
