package alertmanager

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	pushed      *prometheus.CounterVec
	failed      *prometheus.CounterVec
	lastSuccess *prometheus.GaugeVec
}

// newMetrics registers the metrics; the members' series exist at 0 from the start.
func newMetrics(reg prometheus.Registerer, members []*member) *metrics {
	labels := []string{"member"}
	m := &metrics{
		pushed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "satisflow_alertmanager_alerts_pushed_total", Help: "Alerts that a member of Alertmanager took; one that is kept alive counts at each push.",
		}, labels),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "satisflow_alertmanager_alerts_failed_total", Help: "Alerts that a member of Alertmanager did not take, at each attempt; another member may have them.",
		}, labels),
		lastSuccess: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "satisflow_alertmanager_last_success_timestamp_seconds", Help: "When a member of Alertmanager last took alerts, Unix time; 0 before the first.",
		}, labels),
	}
	for _, member := range members {
		m.pushed.WithLabelValues(member.name)
		m.failed.WithLabelValues(member.name)
		m.lastSuccess.WithLabelValues(member.name)
	}
	reg.MustRegister(m.pushed, m.failed, m.lastSuccess)
	return m
}

func (m *metrics) attempted(member string, alerts int, err error, at time.Time) {
	if err != nil {
		m.failed.WithLabelValues(member).Add(float64(alerts))
		return
	}
	m.pushed.WithLabelValues(member).Add(float64(alerts))
	m.lastSuccess.WithLabelValues(member).Set(float64(at.UnixMilli()) / 1000)
}
