package prometheus

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"satisflow/pipeline"
	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// catchingUp is the age of the figures from which they are said to be catching up.
const catchingUp = time.Minute

// Exporter computes the gauges of the current windows and the state of the partitions when Prometheus asks. It is a
// prometheus.Collector.
type Exporter struct {
	view       func() pipeline.View
	now        func() time.Time
	dimensions []string       // exported dimensions
	quality    []event.Metric // in the order of Sums.Quality
	partitions int            // of the topic; their series exist at 0
	target     float64
	standards  []Standard
}

// ExporterConfig says what an Exporter shows.
type ExporterConfig struct {
	Dimensions []string       // dimensions whose values are low in number
	Quality    []event.Metric // built-in and declared metrics
	Partitions int            // of the topic
	Target     float64        // share of ratings to be satisfied
	Standards  []Standard
}

// Standard is what a quality metric of a service should be in the mean, in the metric's unit.
type Standard struct {
	Service, Metric string
	Value           float64
}

// NewExporter returns an exporter of the views.
func NewExporter(cfg ExporterConfig, view func() pipeline.View, now func() time.Time) *Exporter {
	return &Exporter{view: view, now: now, dimensions: cfg.Dimensions, quality: cfg.Quality, partitions: cfg.Partitions, target: cfg.Target, standards: cfg.Standards}
}

var windowLabels = []string{"window", "dimension", "value", "partition"}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// windowGauges are the figures of one key in one window.
var windowGauges = []struct {
	desc  *prometheus.Desc
	value func(*window.Sums) float64
}{
	{desc("satisflow_window_ratings", "Ratings with a score in the current window.", windowLabels...), func(s *window.Sums) float64 { return float64(s.Ratings) }},
	{desc("satisflow_window_satisfied", "Ratings in the satisfied band in the current window, the highly satisfied included.", windowLabels...), func(s *window.Sums) float64 { return float64(s.Satisfied) }},
	{desc("satisflow_window_highly_satisfied", "Ratings in the highly satisfied band in the current window.", windowLabels...), func(s *window.Sums) float64 { return float64(s.Highly) }},
	{desc("satisflow_window_dissatisfied", "Ratings in the dissatisfied band in the current window.", windowLabels...), func(s *window.Sums) float64 { return float64(s.Dissatisfied) }},
	{desc("satisflow_window_unscored", "Feedback without a score in the current window.", windowLabels...), func(s *window.Sums) float64 { return float64(s.Unscored) }},
	{desc("satisflow_window_rating_points", "Sum of the ratings in the current window, points.", windowLabels...), func(s *window.Sums) float64 { return float64(s.Sum) / 100 }},
}

var (
	qualitySum   = desc("satisflow_window_quality_points", "Sum of a quality metric in the current window, in the metric's unit.", append([]string{"metric"}, windowLabels...)...)
	qualityCount = desc("satisflow_window_quality_ratings", "Ratings with the quality metric in the current window.", append([]string{"metric"}, windowLabels...)...)

	dimensionValues = desc("satisflow_dimension_values", "Values that a rolled dimension has, of the partition that has the most; above about 2,000 make it a detail.", "dimension")
	targetRatio     = desc("satisflow_target_ratio", "Share of ratings that is to be satisfied.")
	standard        = desc("satisflow_service_standard", "What a quality metric of a service should be in the mean, in the metric's unit.", "service", "metric")
	topicPartitions = desc("satisflow_topic_partitions", "Partitions of the topic; 0 before the first assignment.")
	partitionsOwned = desc("satisflow_partitions_owned", "Partitions that this processor owns.")
	pendingRows     = desc("satisflow_pending_rows", "Facts that wait for a flush.")
	memoryBytes     = desc("satisflow_memory_bytes", "Estimated memory of panes and pending facts.")
)

// partitionGauges are the figures of a partition that is owned.
var partitionGauges = []struct {
	desc  *prometheus.Desc
	value func(*pipeline.PartitionView, time.Time) float64
}{
	{desc("satisflow_lag_records", "Records that wait behind the last one read.", "partition"), func(p *pipeline.PartitionView, _ time.Time) float64 { return float64(p.Lag) }},
	{desc("satisflow_lag_seconds", "Age of the figures: time since the partition was at its end, or the age of the last record read.", "partition"), func(p *pipeline.PartitionView, now time.Time) float64 { return p.LagTime(now).Seconds() }},
	{desc("satisflow_watermark_timestamp_seconds", "Watermark of the last acknowledged flush, Unix time; 0 before any.", "partition"), func(p *pipeline.PartitionView, _ time.Time) float64 { return unix(p.Progress.Watermark) }},
	{desc("satisflow_fresh_timestamp_seconds", "Time up to which the partition is shown, Unix time; 0 before any.", "partition"), func(p *pipeline.PartitionView, _ time.Time) float64 { return unix(p.Progress.FreshAt) }},
	{desc("satisflow_checkpoint_offset", "Next offset to read after the last acknowledged flush; -1 before any.", "partition"), func(p *pipeline.PartitionView, _ time.Time) float64 { return float64(p.Progress.Cut) }},
	{desc("satisflow_catching_up", "1 while the figures of the partition are older than a minute: alerts on the target wait.", "partition"), func(p *pipeline.PartitionView, now time.Time) float64 {
		if p.Progress.FreshAt == 0 || p.LagTime(now) > catchingUp {
			return 1
		}
		return 0
	}},
}

// statCounters are counted by the owners of the partitions.
var statCounters = []struct {
	desc  *prometheus.Desc
	each  bool // a series for each partition
	value func(*owner.Stats) int64
}{
	{desc("satisflow_records_consumed_total", "Records read.", "partition"), true, func(s *owner.Stats) int64 { return s.Consumed }},
	{desc("satisflow_records_admitted_total", "Records that count.", "partition"), true, func(s *owner.Stats) int64 { return s.Admitted }},
	{desc("satisflow_duplicates_total", "Records with the same or an older revision of a known rating."), false, func(s *owner.Stats) int64 { return s.Duplicates }},
	{desc("satisflow_replayed_total", "Records that were stored already and were read again."), false, func(s *owner.Stats) int64 { return s.Replayed }},
	{desc("satisflow_corrections_total", "Records with a higher revision of a known rating."), false, func(s *owner.Stats) int64 { return s.Corrections }},
	{desc("satisflow_erasures_total", "Records that erase a rating."), false, func(s *owner.Stats) int64 { return s.Erasures }},
	{desc("satisflow_late_total", "Records older than the watermark on arrival."), false, func(s *owner.Stats) int64 { return s.Late }},
	{desc("satisflow_frozen_total", "Records older than the retention: recorded, in no sum."), false, func(s *owner.Stats) int64 { return s.Frozen }},
	{desc("satisflow_panes_paged_in_total", "Panes read back into memory."), false, func(s *owner.Stats) int64 { return s.PagedIn }},
}

// Describe sends nothing: the series depend on the state, so the collector is unchecked.
func (e *Exporter) Describe(chan<- *prometheus.Desc) {}

// Collect sends everything.
func (e *Exporter) Collect(ch chan<- prometheus.Metric) {
	v, now := e.view(), e.now()
	values := map[string]int{}
	facts, bytes := 0, 0
	for i := range v.Partitions {
		p := &v.Partitions[i]
		facts, bytes = facts+p.Progress.Facts, bytes+p.Progress.Bytes
		for _, g := range partitionGauges {
			send(ch, g.desc, prometheus.GaugeValue, g.value(p, now), label(p.Partition))
		}
		for d, n := range e.windows(ch, p) {
			values[d] = max(values[d], n)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(values)) {
		send(ch, dimensionValues, prometheus.GaugeValue, float64(values[d]), d)
	}
	e.counters(ch, v.Stats)
	send(ch, targetRatio, prometheus.GaugeValue, e.target)
	for _, s := range e.standards {
		send(ch, standard, prometheus.GaugeValue, s.Value, s.Service, s.Metric)
	}
	send(ch, topicPartitions, prometheus.GaugeValue, float64(v.Topic))
	send(ch, partitionsOwned, prometheus.GaugeValue, float64(len(v.Partitions)))
	send(ch, pendingRows, prometheus.GaugeValue, float64(facts))
	send(ch, memoryBytes, prometheus.GaugeValue, float64(bytes))
}

// windows sends the current windows of the partition and returns how many values each dimension has in its windows.
func (e *Exporter) windows(ch chan<- prometheus.Metric, p *pipeline.PartitionView) map[string]int {
	partition := label(p.Partition)
	seen := map[window.Key]bool{}
	for _, c := range current(p) {
		seen[c.key] = seen[c.key] || !c.sums.IsZero()
		if !slices.Contains(e.dimensions, c.key.Dimension) {
			continue
		}
		labels := []string{c.window, c.key.Dimension, c.key.Value, partition}
		for _, g := range windowGauges {
			send(ch, g.desc, prometheus.GaugeValue, g.value(&c.sums), labels...)
		}
		for i, m := range e.quality {
			if q := c.sums.Quality[i]; q.N > 0 {
				labels := append([]string{m.Name}, labels...)
				send(ch, qualitySum, prometheus.GaugeValue, float64(q.Sum)/math.Pow10(m.Decimals), labels...)
				send(ch, qualityCount, prometheus.GaugeValue, float64(q.N), labels...)
			}
		}
	}
	values := map[string]int{}
	for k, counts := range seen {
		if counts {
			values[k.Dimension]++
		}
	}
	return values
}

// figure is a current window of one key.
type figure struct {
	key    window.Key
	window string
	sums   window.Sums
}

// current copies the current windows first: the partition cannot be folded while they are read.
func current(p *pipeline.PartitionView) (all []figure) {
	p.Current(func(k window.Key, name string, s *window.Sums) {
		all = append(all, figure{k, name, *s})
	})
	return all
}

func (e *Exporter) counters(ch chan<- prometheus.Metric, stats map[int32]owner.Stats) {
	var total owner.Stats
	for n := range max(e.partitions, len(stats)) {
		s := stats[int32(n)]
		total.Add(s)
		for _, c := range statCounters {
			if c.each {
				send(ch, c.desc, prometheus.CounterValue, float64(c.value(&s)), label(int32(n)))
			}
		}
	}
	for _, c := range statCounters {
		if !c.each {
			send(ch, c.desc, prometheus.CounterValue, float64(c.value(&total)))
		}
	}
}

func send(ch chan<- prometheus.Metric, d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, t, v, labels...)
}

func label(partition int32) string { return strconv.Itoa(int(partition)) }

// unix turns milliseconds into Prometheus' seconds.
func unix(ms int64) float64 { return float64(ms) / 1000 }
