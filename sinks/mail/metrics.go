package mail

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	sent        prometheus.Counter
	failed      *prometheus.CounterVec
	lastSuccess prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "satisflow_mails_sent_total", Help: "Mails that the mail server took for all their recipients.",
		}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "satisflow_mail_attempts_failed_total", Help: "Attempts to send a mail that did not reach all recipients, by kind: permanent, or temporary when another attempt may.",
		}, []string{"kind"}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "satisflow_mail_last_success_timestamp_seconds", Help: "When the mail server last took a mail, Unix time; 0 before the first.",
		}),
	}
	m.failed.WithLabelValues("permanent")
	m.failed.WithLabelValues("temporary")
	reg.MustRegister(m.sent, m.failed, m.lastSuccess)
	return m
}

func (m *metrics) attempted(err error, at time.Time) {
	switch {
	case err == nil:
		m.sent.Inc()
		m.lastSuccess.Set(float64(at.UnixMilli()) / 1000)
	case IsPermanent(err):
		m.failed.WithLabelValues("permanent").Inc()
	default:
		m.failed.WithLabelValues("temporary").Inc()
	}
}
