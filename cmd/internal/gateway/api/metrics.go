package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"satisflow/pipeline/admit"
)

// Reasons for refusing ratings beside those of a rating itself. They count requests where the ratings were not read.
const (
	reasonBodyTooLarge = "body_too_large"
	reasonMediaType    = "media_type"
	reasonBroken       = "broken_body"
	reasonBusy         = "busy"
	reasonUnavailable  = "unavailable"
)

type metrics struct {
	accepted *prometheus.CounterVec
	refused  *prometheus.CounterVec
}

// newMetrics registers the counters, all of them at 0.
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		accepted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "satisflow_ratings_accepted_total",
			Help: "Ratings that came over HTTP and that Kafka has acknowledged, by the form of the body."}, []string{"form"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "satisflow_ratings_refused_total",
			Help: "Ratings that came over HTTP and were refused, by the first reason; whole requests where their ratings were not read."}, []string{"reason"}),
	}
	for _, f := range forms {
		m.accepted.WithLabelValues(f.label)
	}
	for _, reason := range append(admit.Reasons(), reasonConflict, reasonBodyTooLarge, reasonMediaType, reasonBroken, reasonBusy, reasonUnavailable) {
		m.refused.WithLabelValues(reason)
	}
	reg.MustRegister(m.accepted, m.refused)
	return m
}
