package alerting

import (
	"github.com/prometheus/client_golang/prometheus"

	"satisflow/pipeline/alert"
)

type metrics struct {
	open        *prometheus.GaugeVec
	overdue     prometheus.Gauge
	opened      *prometheus.CounterVec
	recovered   *prometheus.CounterVec
	evaluated   prometheus.Gauge
	pushEnabled prometheus.Gauge
	pushed      prometheus.Gauge
	mails       prometheus.Gauge
	refused     prometheus.Counter
	evaluation  prometheus.Histogram
}

// newMetrics registers the metrics, all label sets at 0.
func newMetrics(reg prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	counters := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"rule"})
	}
	m := &metrics{
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "satisflow_alerts_open",
			Help: "Alerts on customers, services and segments that somebody still has to work on."}, []string{"rule", "severity"}),
		overdue:   gauge("satisflow_alerts_overdue", "Alerts at work of which a due time has passed."),
		opened:    counters("satisflow_alerts_opened_total", "Alerts that opened, reopened ones too, since this process started."),
		recovered: counters("satisflow_alerts_recovered_total", "Alerts that were resolved by themselves since this process started, as their reason has gone."),
		evaluated: gauge("satisflow_alerts_evaluated_timestamp_seconds",
			"When new ratings were last looked at for alerts, Unix seconds; 0 before the first time."),
		pushEnabled: gauge("satisflow_alerts_push_enabled", "1 where alerts are sent to an Alertmanager, else 0."),
		pushed: gauge("satisflow_alerts_pushed_timestamp_seconds",
			"When Alertmanager last had every alert that is to be there, Unix seconds; 0 before the first time."),
		mails:   gauge("satisflow_mails_pending", "Mails about falling services and segments that wait to be sent."),
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "satisflow_mails_refused_total", Help: "Recipients of mails about falling services and segments that the mail server refused for good, since this process started; they are not tried again."}),
		evaluation: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "satisflow_alerts_evaluation_seconds",
			Help: "Time that one look for alerts took, queries included.", Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}),
	}
	for _, r := range ruleNames() {
		m.opened.WithLabelValues(r)
		m.recovered.WithLabelValues(r)
	}
	m.show(nil)
	reg.MustRegister(m.open, m.overdue, m.opened, m.recovered, m.evaluated, m.pushEnabled, m.pushed, m.mails, m.refused, m.evaluation)
	return m
}

// show shows the counts of active alerts.
func (m *metrics) show(counts map[countKey]int) {
	for _, r := range alert.AllRules() {
		for _, s := range alert.AllSeverities() {
			m.open.WithLabelValues(string(r), s.String()).Set(float64(counts[countKey{r, s}]))
		}
	}
}

// changed counts what opened and what recovered.
func (m *metrics) changed(changes []alert.Change) {
	for i := range changes {
		rule := string(changes[i].Alert.Rule)
		switch changes[i].Entry.Action {
		case alert.Opened:
			m.opened.WithLabelValues(rule).Inc()
		case alert.Recovered:
			m.recovered.WithLabelValues(rule).Inc()
		}
	}
}
