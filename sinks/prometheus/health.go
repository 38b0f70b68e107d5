package prometheus

import "github.com/prometheus/client_golang/prometheus"

// Health shows which parts that the process needs can be reached.
type Health struct{ up *prometheus.GaugeVec }

// NewHealth registers the gauge.
func NewHealth(reg prometheus.Registerer) *Health {
	return &Health{register(reg, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "satisflow_up", Help: "1 while the part could be reached when it was last asked, 0 while it could not.",
	}, []string{"part"}))}
}

// Set notes whether the part could be reached.
func (h *Health) Set(part string, up bool) {
	v := 0.0
	if up {
		v = 1
	}
	h.up.WithLabelValues(part).Set(v)
}
