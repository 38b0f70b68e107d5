package erasure

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	ratings  prometheus.Counter
	open     prometheus.Gauge
	scrubbed prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		ratings: prometheus.NewCounter(prometheus.CounterOpts{Name: "satisflow_erased_ratings_total",
			Help: "Ratings that this process was asked to erase and has sent to Kafka as erasures."}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{Name: "satisflow_erasures_unfinished",
			Help: "Erasures in the audit whose text may still be read; ask for them again."}),
		scrubbed: prometheus.NewGauge(prometheus.GaugeOpts{Name: "satisflow_erasure_scrub_timestamp_seconds",
			Help: "When no part on disk held text of an erased rating, Unix seconds; 0 before the first look. Older than a day is too old."}),
	}
	reg.MustRegister(m.ratings, m.open, m.scrubbed)
	return m
}
