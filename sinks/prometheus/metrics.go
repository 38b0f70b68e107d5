// Package prometheus owns what a processor tells Prometheus: the gauges of the current windows, from exact state, and the
// health of the pipeline. Names, help and labels are here; what they mean for the target is package dashboards'.
//
// # Non-obvious
//
//   - Window gauges carry the partition: while two processors own one for a moment, both show it. Readers take
//     sum by (…) (max by (…, partition) (…)).
//   - Window gauges and counters of records are computed when Prometheus asks, from the state itself, so that they cannot
//     differ from it; a partition that is revoked has no series.
//   - Counters tell that things happen, not what the figures are: they count a record again when it is read again.
package prometheus

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Tables are the label values of table.
var Tables = []string{"facts", "panes", "windows", "dead_letters", "checkpoints"}

// Metrics are the counters and histograms that the pipeline feeds as it works. It is a pipeline.Observer.
type Metrics struct {
	rejected     *prometheus.CounterVec
	refused      prometheus.Counter
	misrouted    prometheus.Counter
	ahead        prometheus.Counter
	lost         *prometheus.CounterVec
	rebalances   prometheus.Counter
	fetchErrors  prometheus.Counter
	commitErrors prometheus.Counter
	inserts      *prometheus.CounterVec
	rows         *prometheus.CounterVec
	insertTime   *prometheus.HistogramVec
	flushTime    prometheus.Histogram
	lastFlush    prometheus.Gauge
}

// NewMetrics registers the metrics. reasons are all reasons for a rejection and partitions the number of partitions, so
// that every series exists at 0 from the start.
func NewMetrics(reg prometheus.Registerer, reasons []string, partitions int) *Metrics {
	m := &Metrics{
		rejected:     vec(reg, "satisflow_records_rejected_total", "Records that became dead letters, by reason.", "reason"),
		refused:      counter(reg, "satisflow_dead_letters_refused_total", "Dead letters that the topic of dead letters did not take, however much of them was cut off; the table dead_letters has them whole."),
		misrouted:    counter(reg, "satisflow_misrouted_total", "Ratings that are not in the partition that murmur2 of their customer_id gives."),
		ahead:        counter(reg, "satisflow_producer_clock_ahead_total", "Records whose timestamp was ahead of the processor's clock by more than admission.future; they are dead letters (in_future)."),
		lost:         vec(reg, "satisflow_records_lost_total", "Offsets that retention removed before they were read.", "partition"),
		rebalances:   counter(reg, "satisflow_rebalances_total", "Assignments of partitions to this processor."),
		fetchErrors:  counter(reg, "satisflow_fetch_errors_total", "Failed fetches, connections and group requests; all are retried."),
		commitErrors: counter(reg, "satisflow_commit_errors_total", "Failed commits of offsets; the checkpoint in ClickHouse decides where to start."),
		inserts:      vec(reg, "satisflow_inserts_total", "Attempts to insert into ClickHouse.", "table", "result"),
		rows:         vec(reg, "satisflow_rows_written_total", "Rows acknowledged by ClickHouse.", "table"),
		insertTime:   histogramVec(reg, "satisflow_insert_seconds", "Time of an insert into ClickHouse.", "table"),
		flushTime:    histogram(reg, "satisflow_flush_seconds", "Time of a flush, from the snapshot to the checkpoint."),
		lastFlush:    gauge(reg, "satisflow_last_flush_timestamp_seconds", "When a flush was last acknowledged, Unix time; 0 before the first."),
	}
	for _, r := range reasons {
		m.rejected.WithLabelValues(r)
	}
	for p := range partitions {
		m.lost.WithLabelValues(label(int32(p)))
	}
	for _, t := range Tables {
		m.rows.WithLabelValues(t)
		m.insertTime.WithLabelValues(t)
		for _, result := range []string{"ok", "error"} {
			m.inserts.WithLabelValues(t, result)
		}
	}
	return m
}

// Rejected counts a record that became a dead letter.
func (m *Metrics) Rejected(reason string) { m.rejected.WithLabelValues(reason).Inc() }

// LetterRefused counts a dead letter that its topic did not take.
func (m *Metrics) LetterRefused() { m.refused.Inc() }

// Misrouted counts a rating in a partition that is not its customer's.
func (m *Metrics) Misrouted() { m.misrouted.Inc() }

// ProducerAhead counts a record whose timestamp is ahead of the processor's clock.
func (m *Metrics) ProducerAhead() { m.ahead.Inc() }

// Lost counts the offsets [from, to) that retention removed before they were read.
func (m *Metrics) Lost(partition int32, from, to int64) {
	m.lost.WithLabelValues(label(partition)).Add(float64(to - from))
}

// Rebalanced counts an assignment.
func (m *Metrics) Rebalanced() { m.rebalances.Inc() }

// FetchFailed counts a failed fetch or group request.
func (m *Metrics) FetchFailed() { m.fetchErrors.Inc() }

// CommitFailed counts a failed commit.
func (m *Metrics) CommitFailed() { m.commitErrors.Inc() }

// Inserted counts an attempt to insert rows into a table.
func (m *Metrics) Inserted(table string, rows int, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result, rows = "error", 0
	}
	m.inserts.WithLabelValues(table, result).Inc()
	m.rows.WithLabelValues(table).Add(float64(rows))
	m.insertTime.WithLabelValues(table).Observe(took.Seconds())
}

// Flushed notes an acknowledged flush.
func (m *Metrics) Flushed(took time.Duration, at time.Time) {
	m.flushTime.Observe(took.Seconds())
	m.lastFlush.Set(float64(at.UnixMilli()) / 1000)
}

func register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	reg.MustRegister(c)
	return c
}

func counter(reg prometheus.Registerer, name, help string) prometheus.Counter {
	return register(reg, prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help}))
}

func vec(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.CounterVec {
	return register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
}

func gauge(reg prometheus.Registerer, name, help string) prometheus.Gauge {
	return register(reg, prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help}))
}

// buckets reach from an insert into an empty table to a flush of a large backlog, seconds.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

func histogram(reg prometheus.Registerer, name, help string) prometheus.Histogram {
	return register(reg, prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}))
}

func histogramVec(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.HistogramVec {
	return register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels))
}
