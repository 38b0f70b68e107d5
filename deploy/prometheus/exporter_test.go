package prometheus

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// exporter shows what a processor that owns the only partition would, of one service.
type exporter struct {
	address string

	mu          sync.Mutex
	satisfied   float64 // of the last hour's ratings
	catchingUp  float64
	unreachable bool
}

// Ratings of the service in its windows; those of the last hour are what a test drives.
const inHour, inMonth, service = 200.0, 50_000.0, "legal_consulting"

func startExporter(t *testing.T) *exporter {
	t.Helper()
	e := &exporter{satisfied: inHour}
	registry := prometheus.NewRegistry()
	registry.MustRegister(e)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)
	e.address = strings.TrimPrefix(server.URL, "http://")
	return e
}

func (e *exporter) set(change func(*exporter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

// Describe makes it an unchecked collector.
func (e *exporter) Describe(chan<- *prometheus.Desc) {}

// Collect sends the gauges; nothing while it is unreachable.
func (e *exporter) Collect(ch chan<- prometheus.Metric) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.unreachable {
		return
	}
	send := func(name string, value float64, labels ...string) {
		var names, values []string
		for i := 0; i < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, "Test.", names, nil), prometheus.GaugeValue, value, values...)
	}
	window := func(name string, ratings, satisfied float64) {
		labels := []string{"window", name, "dimension", "service", "value", service, "partition", "0"}
		send("satisflow_window_ratings", ratings, labels...)
		send("satisflow_window_satisfied", satisfied, labels...)
	}
	window("1h", inHour, e.satisfied)
	window("28d", inMonth, 0.97*inMonth+e.satisfied)
	now := float64(time.Now().UnixMilli()) / 1000
	send("satisflow_partitions_owned", 1)
	send("satisflow_topic_partitions", 1)
	send("satisflow_target_ratio", 0.95)
	send("satisflow_catching_up", e.catchingUp, "partition", "0")
	send("satisflow_lag_records", 0, "partition", "0")
	send("satisflow_lag_seconds", 0, "partition", "0")
	send("satisflow_fresh_timestamp_seconds", now, "partition", "0")
	send("satisflow_watermark_timestamp_seconds", now, "partition", "0")
}
