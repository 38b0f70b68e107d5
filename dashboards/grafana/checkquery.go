package grafana

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"satisflow/dashboards/rules"
)

// scraped are the metrics that panels may show: what sinks/prometheus, the gateway and client_golang expose, and what
// Prometheus itself records. A test holds them against the real registries.
var scraped = []string{
	"ALERTS", "ALERTS_FOR_STATE",
	"go_gc_duration_seconds_sum", "go_goroutines", "process_cpu_seconds_total", "process_resident_memory_bytes",
	"satisflow_alerts_evaluated_timestamp_seconds", "satisflow_alerts_open", "satisflow_alerts_overdue",
	"satisflow_alerts_push_enabled", "satisflow_alerts_pushed_timestamp_seconds", "satisflow_catching_up",
	"satisflow_commit_errors_total", "satisflow_corrections_total", "satisflow_duplicates_total",
	"satisflow_erasure_scrub_timestamp_seconds", "satisflow_erasures_total", "satisflow_erasures_unfinished",
	"satisflow_fetch_errors_total", "satisflow_flush_seconds_bucket", "satisflow_frozen_total",
	"satisflow_http_requests_total", "satisflow_identity_conflicts", "satisflow_insert_seconds_bucket",
	"satisflow_inserts_total", "satisflow_last_flush_timestamp_seconds", "satisflow_late_total", "satisflow_mails_pending",
	"satisflow_mails_refused_total", "satisflow_memory_bytes", "satisflow_misrouted_total", "satisflow_partitions_owned",
	"satisflow_pending_rows", "satisflow_ratings_accepted_total", "satisflow_ratings_refused_total",
	"satisflow_rebalances_total", "satisflow_records_admitted_total", "satisflow_records_consumed_total",
	"satisflow_records_lost_total", "satisflow_records_rejected_total", "satisflow_replayed_total",
	"satisflow_rows_written_total", "satisflow_service_standard", "satisflow_topic_partitions", "satisflow_up",
	"satisflow_verify_differences", "satisflow_verify_timestamp_seconds", "satisflow_window_ratings",
	"satisflow_window_unscored",
}

// knownMetrics are the scraped ones and those that the rules record.
func knownMetrics(cfg Config) (map[string]bool, error) {
	known := map[string]bool{}
	for _, name := range scraped {
		known[name] = true
	}
	file, err := rules.Build(cfg.Rules)
	if err != nil {
		return nil, err
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			known[r.Record] = true
		}
	}
	return known, nil
}

// promQL parses an expression, with its variables filled, and looks for metrics that nobody exposes.
func (c *checker) promQL(where, expr string) {
	filled := promVariable.ReplaceAllStringFunc(expr, func(v string) string {
		if v == "$__rate_interval" || v == "$__interval" {
			return "1m"
		}
		name := strings.Trim(v, "${}")
		if !slices.ContainsFunc(c.board.Templating.List, func(v Variable) bool { return v.Name == name }) {
			c.problem("%s: variable %s: the dashboard has none of that name", where, v)
		}
		return "x"
	})
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(filled)
	if err != nil {
		c.problem("%s: %w in %s", where, err, filled)
		return
	}
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !c.known[s.Name] {
			c.problem("%s: metric %q: nobody exposes or records it", where, s.Name)
		}
		return nil
	})
}

var promVariable = regexp.MustCompile(`\$\{?\w+\}?`)

// macros that the data source of ClickHouse expands.
var macros = []string{"conditionalAll", "timeFilter", "fromTime", "toTime", "timeInterval"}

var (
	sqlMacro    = regexp.MustCompile(`\$__(\w+)`)
	sqlVariable = regexp.MustCompile(`\$\{(\w+)(:\w+)?\}|\$([a-z]\w*)`)
)

// checkSQL finds macros that the data source does not have, and variables that the dashboard does not have or that would
// be put in without being escaped.
func checkSQL(sql string, variables []Variable) error {
	for _, m := range sqlMacro.FindAllStringSubmatch(sql, -1) {
		if !slices.Contains(macros, m[1]) {
			return fmt.Errorf("macro $__%s: want one of %s", m[1], strings.Join(macros, ", "))
		}
	}
	for _, m := range sqlVariable.FindAllStringSubmatch(sql, -1) {
		name := m[1] + m[3]
		if !slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name }) {
			return fmt.Errorf("variable %s: the dashboard has none of that name", m[0])
		}
		if m[3] == "" && (m[2] != ":queryparam" || !strings.Contains(sql, chosenValues(name))) {
			return fmt.Errorf("variable %s: want ${%s:queryparam} and its values decoded, which is right for every name", m[0], name)
		}
		if m[3] != "" && !strings.Contains(sql, ", $"+name+")") {
			return fmt.Errorf("variable %s: only the second argument of $__conditionalAll may stand unescaped", m[0])
		}
	}
	return nil
}
