package grafana

import (
	"fmt"
	"strings"
	"time"
)

// counters rise in a straight line, by so much a second, so that rates of any range are exact.
var counters = map[string]float64{
	`satisflow_records_consumed_total{epoch="1",partition="0"}`: 10, `satisflow_records_consumed_total{epoch="1",partition="1"}`: 5,
	`satisflow_records_admitted_total{epoch="1",partition="0"}`: 8, `satisflow_records_admitted_total{epoch="1",partition="1"}`: 4,
	`satisflow_records_rejected_total{epoch="1",reason="bad_json"}`: 0.5, `satisflow_records_rejected_total{epoch="1",reason="too_old"}`: 0,
	`satisflow_duplicates_total{epoch="1"}`: 1, `satisflow_corrections_total{epoch="1"}`: 2, `satisflow_erasures_total{epoch="1"}`: 0.25, `satisflow_late_total{epoch="1"}`: 3,
	`satisflow_replayed_total{epoch="1"}`: 0.125, `satisflow_frozen_total{epoch="1"}`: 0.0625,
	`satisflow_ratings_accepted_total{form="json"}`: 6, `satisflow_ratings_accepted_total{form="lines"}`: 1,
	`satisflow_ratings_refused_total{reason="bad_json"}`: 0.75, `satisflow_ratings_refused_total{reason="busy"}`: 0,
	`satisflow_rows_written_total{epoch="1",table="facts"}`: 12, `satisflow_rows_written_total{epoch="1",table="panes"}`: 20,
	`satisflow_inserts_total{epoch="1",table="facts",result="ok"}`: 1, `satisflow_inserts_total{epoch="1",table="facts",result="error"}`: 0.5,
	`satisflow_insert_seconds_bucket{epoch="1",table="facts",le="0.1"}`: 0.5, `satisflow_insert_seconds_bucket{epoch="1",table="facts",le="1"}`: 1, `satisflow_insert_seconds_bucket{epoch="1",table="facts",le="+Inf"}`: 1,
	`satisflow_insert_seconds_bucket{epoch="1",table="panes",le="0.1"}`: 1, `satisflow_insert_seconds_bucket{epoch="1",table="panes",le="1"}`: 1, `satisflow_insert_seconds_bucket{epoch="1",table="panes",le="+Inf"}`: 1,
	`satisflow_flush_seconds_bucket{epoch="1",le="0.1"}`: 0.75, `satisflow_flush_seconds_bucket{epoch="1",le="1"}`: 1, `satisflow_flush_seconds_bucket{epoch="1",le="+Inf"}`: 1,
	`process_cpu_seconds_total{job="satisflow-processor"}`: 0.5, `process_cpu_seconds_total{job="other"}`: 9,
	`go_gc_duration_seconds_sum{job="satisflow-processor"}`: 0.25,
	`satisflow_rebalances_total{epoch="1"}`:                 0.5, `satisflow_fetch_errors_total{epoch="1"}`: 0.5, `satisflow_commit_errors_total{epoch="1"}`: 0.25,
	`satisflow_mails_refused_total`:             0.01,
	`satisflow_http_requests_total{code="200"}`: 7, `satisflow_http_requests_total{code="503"}`: 0.5,
}

// gauges stand still.
func gauges(at time.Time) map[string]float64 {
	return map[string]float64{
		`satisflow_window_ratings{epoch="1",window="1h",dimension="overall",partition="0"}`: 100, `satisflow_window_ratings{epoch="1",window="1h",dimension="overall",partition="1"}`: 50,
		`satisflow_window_unscored{epoch="1",window="1h",dimension="overall",partition="0"}`: 7, `satisflow_window_unscored{epoch="1",window="1h",dimension="overall",partition="1"}`: 3,
		`satisflow_window_ratings{epoch="1",window="6h",dimension="overall",partition="0"}`: 9999, `satisflow_window_ratings{epoch="1",window="1h",dimension="service",value="a",partition="0"}`: 9999,
		`satisflow_records_lost_total{epoch="1",partition="0"}`: 3, `satisflow_records_lost_total{epoch="1",partition="1"}`: 2, `satisflow_misrouted_total{epoch="1"}`: 4,
		`satisflow_pending_rows{epoch="1"}`: 40, `satisflow_last_flush_timestamp_seconds{epoch="1"}`: float64(at.Unix() - 30),
		`process_resident_memory_bytes{job="satisflow-processor"}`: 1e8, `satisflow_memory_bytes{epoch="1"}`: 5e7, `go_goroutines{job="satisflow-processor"}`: 33,
		`satisflow_partitions_owned{epoch="1"}`: 2, `satisflow_topic_partitions{epoch="1"}`: 4,
		`satisflow_up{part="kafka"}`: 1, `satisflow_up{part="clickhouse"}`: 0,
		`satisflow_verify_differences{epoch="1"}`: 3, `satisflow_identity_conflicts{epoch="1"}`: 2, `satisflow_verify_timestamp_seconds{epoch="1"}`: float64(at.Unix() - 1800),
		`satisflow_erasures_unfinished`: 1, `satisflow_erasure_scrub_timestamp_seconds`: float64(at.Unix() - 7200),
		`satisflow_alerts_open{rule="low_rating",severity="major"}`: 5, `satisflow_alerts_open{rule="low_rating",severity="minor"}`: 0, `satisflow_alerts_open{rule="falling",severity="critical"}`: 1,
		`satisflow:epoch:current{epoch="1"}`: 1, `satisflow:partition_owner:fresh{epoch="1",partition="0"}`: 1, `satisflow:partition_owner:fresh{epoch="1",partition="1"}`: 1,
		`satisflow_alerts_overdue`: 4, `satisflow_mails_pending`: 6, `satisflow_alerts_push_enabled`: 1,
		`satisflow_alerts_evaluated_timestamp_seconds`: float64(at.Unix() - 40), `satisflow_alerts_pushed_timestamp_seconds`: float64(at.Unix() - 50),
	}
}

// backfilled is what two processors told in the hour before a moment, and the consumed records of a week before, at half
// the rate.
func backfilled(at time.Time) string {
	var b strings.Builder
	sample := func(series, instance string, value float64, when time.Time) {
		name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		if labels != "" {
			labels += ","
		}
		fmt.Fprintf(&b, "%s{%sinstance=%q} %g %d\n", name, labels, instance, value, when.Unix())
	}
	const step = 15 * time.Second
	for _, instance := range []string{"a", "b"} {
		for series, slope := range counters {
			for when := at.Add(-65 * time.Minute); !when.After(at); when = when.Add(step) {
				sample(series, instance, 1000+slope*when.Sub(at.Add(-2*time.Hour)).Seconds(), when)
			}
		}
		for series, value := range gauges(at) {
			for when := at.Add(-time.Minute); !when.After(at); when = when.Add(step) {
				sample(series, instance, value, when)
			}
		}
		for when := at.Add(-7*24*time.Hour - 5*time.Minute); !when.After(at.Add(-7 * 24 * time.Hour)); when = when.Add(step) {
			sample(`satisflow:epoch:current{epoch="1"}`, instance, 1, when)
			sample(`satisflow_records_consumed_total{epoch="1",partition="0"}`, instance, 7.5*when.Sub(at.Add(-8*24*time.Hour)).Seconds(), when)
		}
	}
	return b.String() + "# EOF\n"
}

// pastExpectations are what the panels show at the moment, with $__rate_interval a minute; both instances tell the same,
// so that sums of counters are twice the slope.
func pastExpectations(at time.Time) map[string]map[string]shown {
	one := func(v float64) shown { return shown{want: answer{"": v}, at: at, off: 1e-6} }
	by := func(a answer) shown { return shown{want: a, at: at, off: 1e-6} }
	const minute, both = 60, 2
	return map[string]map[string]shown{
		"Records read per second, and a week before":        {"read": one(both * 15), "week": one(both * 7.5)},
		"Counted by the counters and by the windows, in 1h": {"counters": one(both * 12 * 3600), "windows": one(160)},
		"Dead letters, by reason":                           {"dead": by(answer{"bad_json": both * 0.5 * minute})},
		"Duplicates, corrections, erasures, late and replayed records": {
			"duplicates": one(both * 1 * minute), "corrections": one(both * 2 * minute), "erasures": one(both * 0.25 * minute),
			"late": one(both * 3 * minute), "replayed": one(both * 0.125 * minute), "frozen": one(both * 0.0625 * minute)},
		"Records lost or in the wrong partition":             {"lost": one(both * 5), "misrouted": one(both * 4)},
		"Ratings over HTTP: accepted and refused per second": {"accepted": one(both * 7), "refused": by(answer{"bad_json": both * 0.75})},
		"Processes that reach Kafka and ClickHouse":          {"up": by(answer{"kafka": both, "clickhouse": 0}), "all": by(answer{"kafka": both, "clickhouse": both})},
		"Stored sums against their ratings (verify)":         {"differences": one(3), "conflicts": one(2), "age": one(1800)},
		"Erasures": {"open": one(1), "disk": one(7200)},
		"Open alerts on customers, by rule and severity": {"open": by(answer{"major/low_rating": 5, "critical/falling": 1})},
		"Do alerts on customers come to people?": {"overdue": one(4), "mails": one(6), "evaluated": one(40), "pushed": one(50),
			"refused": {want: answer{"": both * 0.01 * 65 * 60}, at: at, off: 1}},
		"Rows written per second, by table": {"rows": by(answer{"facts": both * 12, "panes": both * 20})},
		"Time of inserts (p99, by table) and of whole flushes (p50, p99)": {
			// facts: half are in (0.1, 1]; 0.99 of all is 0.49 of that half. Flushes: a quarter is there.
			"insert":  by(answer{"facts": 0.1 + 0.9*0.49/0.5, "panes": 0.1 * 0.99}),
			"flush50": one(0.1 * 0.5 / 0.75), "flush99": one(0.1 + 0.9*0.24/0.25)},
		"Failed inserts, facts that wait, time since a flush": {"failed": by(answer{"facts": both * 0.5 * minute}), "waiting": one(both * 40), "flushed": one(30)},
		"CPU, in cores": {"cpu": by(answer{"satisflow-processor": 0.5})},
		"Memory: resident, and of panes and facts":          {"resident": by(answer{"satisflow-processor": 1e8}), "panes": one(5e7)},
		"Time in garbage collection pauses, per second":     {"gc": by(answer{"satisflow-processor": 0.25}), "goroutines": by(answer{"satisflow-processor": 33})},
		"Partitions owned, and rebalances":                  {"owned": one(2), "topic": one(4), "rebalances": one(both * 0.5 * minute)},
		"Failed fetches and commits; HTTP answers with 5xx": {"fetch": one(both * 0.5 * minute), "commit": one(both * 0.25 * minute), "http": by(answer{"503": both * 0.5 * minute})},
	}
}
