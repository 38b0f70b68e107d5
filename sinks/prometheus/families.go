package prometheus

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"satisflow/pipeline"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// descriptions are the descriptions of one epoch, whose number is a label of every series.
type descriptions struct {
	windows, partitions, counters                  []*prometheus.Desc // as windowGauges, partitionGauges, statCounters
	qualitySum, qualityCount                       *prometheus.Desc
	values, folded, target, standard, topic, owned *prometheus.Desc
	pending, memory, memoryLimit                   *prometheus.Desc
}

func describe(epoch string) (d descriptions) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, prometheus.Labels{"epoch": epoch})
	}
	for _, g := range windowGauges {
		d.windows = append(d.windows, desc(g.name, g.help, windowLabels...))
	}
	for _, g := range partitionGauges {
		d.partitions = append(d.partitions, desc(g.name, g.help, "partition"))
	}
	for _, c := range statCounters {
		var labels []string
		if c.each {
			labels = []string{"partition"}
		}
		d.counters = append(d.counters, desc(c.name, c.help, labels...))
	}
	d.qualitySum = desc(qualitySumName, "Sum of a quality metric in the current window, in the metric's unit.", append([]string{"metric"}, windowLabels...)...)
	d.qualityCount = desc(qualityCountName, "Ratings with the quality metric in the current window.", append([]string{"metric"}, windowLabels...)...)
	d.values = desc("satisflow_dimension_values", "Values that a rolled dimension has, of the partition that has the most; above about 2,000 make it a detail.", "dimension")
	d.folded = desc("satisflow_dimension_folded_values", "Values that the window gauges count under the value other, of the partition that has the most, as /metrics would become too large.", "dimension")
	d.target = desc("satisflow_target_ratio", "Share of ratings that is to be satisfied.")
	d.standard = desc("satisflow_service_standard", "What a quality metric of a service should be in the mean, in the metric's unit.", "service", "metric")
	d.topic = desc("satisflow_topic_partitions", "Partitions of the topic.")
	d.owned = desc("satisflow_partitions_owned", "Partitions that this processor owns.")
	d.pending = desc("satisflow_pending_rows", "Facts that wait for a flush.")
	d.memoryLimit = desc("satisflow_memory_limit_bytes", "Bound of satisflow_memory_bytes. It is passed while a pane that is read and written now, or the pane sums, take more.")
	d.memory = desc("satisflow_memory_bytes", "Memory of facts and dead letters that wait for a flush, panes, keys and their pane sums, which processor.memory_bytes bounds.")
	return d
}

var windowLabels = []string{"window", "dimension", "value", "partition"}

const (
	qualitySumName   = "satisflow_window_quality_points"
	qualityCountName = "satisflow_window_quality_ratings"
)

// windowGauges are the figures of one key in one window.
var windowGauges = []struct {
	name, help string
	value      func(*window.Sums) float64
}{
	{"satisflow_window_ratings", "Ratings with a score in the current window.", func(s *window.Sums) float64 { return float64(s.Ratings) }},
	{"satisflow_window_satisfied", "Ratings in the satisfied band in the current window, the highly satisfied included.", func(s *window.Sums) float64 { return float64(s.Satisfied) }},
	{"satisflow_window_highly_satisfied", "Ratings in the highly satisfied band in the current window.", func(s *window.Sums) float64 { return float64(s.Highly) }},
	{"satisflow_window_dissatisfied", "Ratings in the dissatisfied band in the current window.", func(s *window.Sums) float64 { return float64(s.Dissatisfied) }},
	{"satisflow_window_unscored", "Feedback without a score in the current window.", func(s *window.Sums) float64 { return float64(s.Unscored) }},
	{"satisflow_window_rating_points", "Sum of the ratings in the current window, points.", func(s *window.Sums) float64 { return float64(s.Sum) / 100 }},
}

// partitionGauges are the figures of a partition that is owned.
var partitionGauges = []struct {
	name, help string
	value      func(*pipeline.PartitionView, time.Time) float64
}{
	{"satisflow_lag_records", "Records that wait behind the last one read, by the end of the log that the broker is asked for every 2 seconds.", func(p *pipeline.PartitionView, _ time.Time) float64 { return float64(p.Lag) }},
	{"satisflow_lag_seconds", "Age of the figures: time since the partition was at its end, or since the log ended where they do.", func(p *pipeline.PartitionView, now time.Time) float64 { return p.LagTime(now).Seconds() }},
	{"satisflow_watermark_timestamp_seconds", "Watermark of the last acknowledged flush, Unix time; 0 before any.", func(p *pipeline.PartitionView, _ time.Time) float64 { return unix(p.Progress.Watermark) }},
	{"satisflow_fresh_timestamp_seconds", "Time up to which the partition is shown, Unix time; 0 before any.", func(p *pipeline.PartitionView, _ time.Time) float64 { return unix(p.Progress.FreshAt) }},
	{"satisflow_checkpoint_offset", "Next offset to read after the last acknowledged flush; -1 before any.", func(p *pipeline.PartitionView, _ time.Time) float64 { return float64(p.Progress.Cut) }},
	{"satisflow_catching_up", "1 while the figures of the partition are older than a minute: alerts on the target wait.", func(p *pipeline.PartitionView, now time.Time) float64 {
		if p.Progress.FreshAt == 0 || p.LagTime(now) > catchingUp {
			return 1
		}
		return 0
	}},
}

// statCounters are counted by the owners of the partitions.
var statCounters = []struct {
	name, help string
	each       bool // a series for each partition
	value      func(*owner.Stats) int64
}{
	{"satisflow_records_consumed_total", "Records read.", true, func(s *owner.Stats) int64 { return s.Consumed }},
	{"satisflow_records_admitted_total", "Records that count.", true, func(s *owner.Stats) int64 { return s.Admitted }},
	{"satisflow_duplicates_total", "Records with the same or an older revision of a known rating.", false, func(s *owner.Stats) int64 { return s.Duplicates }},
	{"satisflow_replayed_total", "Records that were stored already and were read again.", false, func(s *owner.Stats) int64 { return s.Replayed }},
	{"satisflow_corrections_total", "Records with a higher revision of a known rating.", false, func(s *owner.Stats) int64 { return s.Corrections }},
	{"satisflow_erasures_total", "Records that erase a rating.", false, func(s *owner.Stats) int64 { return s.Erasures }},
	{"satisflow_late_total", "Records older than the watermark on arrival.", false, func(s *owner.Stats) int64 { return s.Late }},
	{"satisflow_frozen_total", "Records older than the retention: recorded, in no sum.", false, func(s *owner.Stats) int64 { return s.Frozen }},
	{"satisflow_panes_paged_in_total", "Panes read back into memory.", false, func(s *owner.Stats) int64 { return s.PagedIn }},
	{"satisflow_panes_evicted_total", "Panes that left the memory as it was short.", false, func(s *owner.Stats) int64 { return s.Evicted }},
}
