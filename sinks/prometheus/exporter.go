package prometheus

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/pipeline"
	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
)

// catchingUp is the age of the figures from which they are said to be catching up.
const catchingUp = time.Minute

// Exporter computes the gauges of the current windows and the state of the partitions when Prometheus asks. It is a
// prometheus.Collector.
type Exporter struct {
	cfg  ExporterConfig
	view func() pipeline.View
	now  func() time.Time
	desc descriptions

	mu      sync.Mutex // one scrape at a time uses what follows
	windows windows
}

// ExporterConfig says what an Exporter shows.
type ExporterConfig struct {
	Epoch      uint32         // of the windows; the label epoch of every series
	Dimensions []string       // dimensions whose values are low in number
	Quality    []event.Metric // built-in and declared metrics, in the order of Sums.Quality
	Partitions int            // of the topic; their series exist at 0
	Target     float64        // share of ratings to be satisfied
	Standards  []Standard     // the last one of a service and metric counts
	MaxBytes   int            // of the window gauges in Prometheus' text format; 0 is DefaultMaxBytes
	Log        zerolog.Logger
}

// DefaultMaxBytes leaves room for all other metrics below 5 MB.
const DefaultMaxBytes = 4_000_000

// Standard is what a quality metric of a service should be in the mean, in the metric's unit.
type Standard struct {
	Service, Metric string
	Value           float64
}

// NewExporter returns an exporter of the views.
func NewExporter(cfg ExporterConfig, view func() pipeline.View, now func() time.Time) *Exporter {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	e := &Exporter{cfg: cfg, view: view, now: now, desc: describe(strconv.FormatUint(uint64(cfg.Epoch), 10))}
	e.windows = newWindows(&e.cfg, &e.desc)
	return e
}

// Describe sends nothing: the series depend on the state, so the collector is unchecked.
func (e *Exporter) Describe(chan<- *prometheus.Desc) {}

// Collect sends everything.
func (e *Exporter) Collect(ch chan<- prometheus.Metric) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, now := e.view(), e.now()
	facts, bytes := 0, 0
	for i := range v.Partitions {
		p := &v.Partitions[i]
		facts, bytes = facts+p.Progress.Facts, bytes+p.Progress.Bytes
		for i, g := range partitionGauges {
			send(ch, e.desc.partitions[i], prometheus.GaugeValue, g.value(p, now), label(p.Partition))
		}
	}
	e.windows.collect(ch, v.Partitions)
	e.counters(ch, v.Stats)
	e.standards(ch)
	send(ch, e.desc.target, prometheus.GaugeValue, e.cfg.Target)
	send(ch, e.desc.topic, prometheus.GaugeValue, float64(max(v.Topic, e.cfg.Partitions)))
	send(ch, e.desc.owned, prometheus.GaugeValue, float64(len(v.Partitions)))
	send(ch, e.desc.pending, prometheus.GaugeValue, float64(facts))
	send(ch, e.desc.memory, prometheus.GaugeValue, float64(bytes))
	send(ch, e.desc.memoryLimit, prometheus.GaugeValue, float64(v.Memory))
}

// standards sends each service and metric once: a series that comes twice would fail the whole scrape.
func (e *Exporter) standards(ch chan<- prometheus.Metric) {
	type place struct{ service, metric string }
	last := map[place]float64{}
	for _, s := range e.cfg.Standards {
		last[place{valid(s.Service), valid(s.Metric)}] = s.Value
	}
	for at, value := range last {
		send(ch, e.desc.standard, prometheus.GaugeValue, value, at.service, at.metric)
	}
}

func (e *Exporter) counters(ch chan<- prometheus.Metric, stats map[int32]owner.Stats) {
	var total owner.Stats
	for n := range max(e.cfg.Partitions, len(stats)) {
		s := stats[int32(n)]
		total.Add(s)
		for i, c := range statCounters {
			if c.each {
				send(ch, e.desc.counters[i], prometheus.CounterValue, float64(c.value(&s)), label(int32(n)))
			}
		}
	}
	for i, c := range statCounters {
		if !c.each {
			send(ch, e.desc.counters[i], prometheus.CounterValue, float64(c.value(&total)))
		}
	}
}

// send reports a metric that cannot be, to the log of the handler, in place of a panic.
func send(ch chan<- prometheus.Metric, d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
	m, err := prometheus.NewConstMetric(d, t, v, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(d, err)
	}
	ch <- m
}

func label(partition int32) string { return strconv.Itoa(int(partition)) }

// valid makes a label value of any text.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// unix turns milliseconds into Prometheus' seconds.
func unix(ms int64) float64 { return float64(ms) / 1000 }
