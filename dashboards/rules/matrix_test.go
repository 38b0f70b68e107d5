package rules

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"golang.org/x/sync/errgroup"

	"satisflow/deploy/testkit"
)

// The matrix holds every alert against the death of its writer: for each the world in which it must fire, and for that
// world what must fire when the writer dies, when there is a gap between scrapes, when the processes restart, when
// Prometheus is new, when one of two instances is ill, and when another epoch is being built.
//
// A world is the series of two processors and two gateways, the second of which only reads, sampled every minute.

// series are values by series, in promtool's notation.
type series map[string]string

const (
	end     = 240 // minutes of a world
	illFrom = 20  // a world is ill from this minute on
)

// steady is a value that stays.
func steady(v string) string { return fmt.Sprintf("%sx%d", v, end) }

// clockFrom is a timestamp that goes with the clock.
const withClock = "0+60x240"

// until ends a series with its writer at a minute.
func until(minute int, values string) string {
	return cut(values, 0, minute) + fmt.Sprintf(" stale _x%d", end-minute-1)
}

// cut writes minutes [from, to) of values, one by one.
func cut(values string, from, to int) string {
	all := expand(values)
	return strings.Join(all[from:to], " ")
}

// expand writes values one by one: 0+60x2 is 0 60 120.
func expand(values string) (all []string) {
	for _, word := range strings.Fields(values) {
		base, times := word, -1
		if at := strings.LastIndexByte(word, 'x'); at >= 0 {
			base = word[:at]
			_, _ = fmt.Sscan(word[at+1:], &times)
		}
		start, step := base, "0"
		if at := strings.LastIndexByte(base, '+'); at > 0 {
			start, step = base[:at], base[at+1:]
		}
		if base == "_" || base == "stale" {
			for range max(times, 1) {
				all = append(all, base)
			}
			continue
		}
		var a, b float64
		_, _ = fmt.Sscan(start, &a)
		_, _ = fmt.Sscan(step, &b)
		for i := range max(times, 0) + 1 {
			all = append(all, fmt.Sprint(a+float64(i)*b))
		}
	}
	for len(all) <= end {
		all = append(all, "_")
	}
	return all[:end+1]
}

// healthy is a world in which nothing fires: epoch 1, four partitions.
func healthy() series {
	w := series{}
	for i, p := range []string{"p1", "p2"} {
		processor(w, "1", p, 2*i)
		w[`satisflow_current_epoch_timestamp_seconds{epoch="1",job="satisflow-processor",instance="`+p+`"}`] = steady("1")
	}
	for _, g := range []string{"writer", "reader"} {
		at := `job="satisflow-gateway",instance="` + g + `"`
		w[`up{`+at+`}`] = steady("1")
		w[`satisflow_current_epoch_timestamp_seconds{epoch="1",`+at+`}`] = steady("1")
		w[`satisflow_up{part="kafka",`+at+`}`], w[`satisflow_up{part="clickhouse",`+at+`}`] = steady("1"), steady("1")
		w[`satisflow_erasures_unfinished{`+at+`}`] = steady("0")
		w[`satisflow_erasure_scrub_timestamp_seconds{`+at+`}`] = withClock
		w[`process_start_time_seconds{`+at+`}`] = steady("-864000")
	}
	at := `job="satisflow-gateway",instance="writer"`
	w[`satisflow_alerts_evaluated_timestamp_seconds{`+at+`}`], w[`satisflow_alerts_pushed_timestamp_seconds{`+at+`}`] = withClock, withClock
	w[`satisflow_alerts_push_enabled{`+at+`}`] = steady("1")
	w[`satisflow_alerts_open{rule="low_rating",severity="major",`+at+`}`] = steady("7")
	w[`satisflow_mails_pending{`+at+`}`], w[`satisflow_mails_refused_total{`+at+`}`] = steady("0"), steady("2")
	return w
}

// processor adds the series of one that owns two partitions of an epoch.
func processor(w series, epoch, instance string, first int) {
	at := `job="satisflow-processor",instance="` + instance + `"`
	w[`up{`+at+`}`] = steady("1")
	w[`satisflow_up{part="kafka",`+at+`}`], w[`satisflow_up{part="clickhouse",`+at+`}`] = steady("1"), steady("1")
	w[`process_start_time_seconds{`+at+`}`] = steady("-864000")
	of := `epoch="` + epoch + `",` + at
	for name, v := range map[string]string{
		"satisflow_partitions_owned": steady("2"), "satisflow_topic_partitions": steady("4"), "satisflow_pending_rows": steady("3"),
		"satisflow_last_flush_timestamp_seconds": withClock, "satisflow_target_ratio": steady("0.95"), "satisflow_misrouted_total": steady("5"),
		"satisflow_verify_differences": steady("0"), "satisflow_identity_conflicts": steady("0"), "satisflow_verify_timestamp_seconds": withClock,
	} {
		w[name+`{`+of+`}`] = v
	}
	w[`satisflow_records_rejected_total{reason="bad_json",`+of+`}`] = steady("9")
	w[`satisflow_inserts_total{table="facts",result="ok",`+of+`}`] = fmt.Sprintf("0+60x%d", end)
	w[`satisflow_inserts_total{table="facts",result="error",`+of+`}`] = steady("1")
	w[`satisflow_dimension_values{dimension="service",`+of+`}`], w[`satisflow_dimension_folded_values{dimension="service",`+of+`}`] = steady("1"), steady("0")
	w[`satisflow_service_standard{service="s",metric="response_time_ms",`+of+`}`] = steady("2000")
	w[`satisflow_service_standard{service="s",metric="accuracy",`+of+`}`] = steady("0.9")
	w[`satisflow_service_standard{service="s",metric="completeness",`+of+`}`] = steady("0.9")
	for n := first; n < first+2; n++ {
		p := fmt.Sprintf(`partition="%d",`, n) + of
		for name, v := range map[string]string{
			"satisflow_fresh_timestamp_seconds": withClock, "satisflow_watermark_timestamp_seconds": withClock, "satisflow_lag_records": steady("0"),
			"satisflow_lag_seconds": steady("0"), "satisflow_catching_up": steady("0"), "satisflow_records_lost_total": steady("1000"),
			"satisflow_records_consumed_total": fmt.Sprintf("0+100x%d", end),
		} {
			w[name+`{`+p+`}`] = v
		}
		for _, window := range []string{"1h", "6h", "24h", "7d", "28d"} {
			for _, key := range []string{`dimension="overall"`, `dimension="service",value="s"`} {
				if n > first && window != "1h" {
					continue // one partition with every window is enough
				}
				k := `{window="` + window + `",` + key + `,` + p + `}`
				w["satisflow_window_ratings"+k], w["satisflow_window_satisfied"+k], w["satisflow_window_rating_points"+k] = steady("100"), steady("98"), steady("440")
				if window != "6h" && window != "24h" || key == `dimension="overall"` {
					continue
				}
				for metric, good := range map[string]string{"response_time_ms": "100000", "accuracy": "95", "completeness": "95"} {
					m := `{metric="` + metric + `",` + strings.TrimPrefix(k, "{")
					w["satisflow_window_quality_ratings"+m], w["satisflow_window_quality_points"+m] = steady("100"), steady(good)
				}
			}
		}
	}
}

// set replaces the values of the series that hold all texts, and reports a mistake in them.
func (w series) set(t *testing.T, values string, texts ...string) {
	t.Helper()
	found := false
	for s := range w {
		if holds(s, texts) {
			w[s], found = values, true
		}
	}
	if !found {
		t.Fatalf("the world has no series with %q", texts)
	}
}

func holds(s string, texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(s, text) })
}

// illness makes a world ill from minute illFrom on; of says which instance.
type illness struct {
	alert   string
	writer  string // processor or gateway
	ill     func(t *testing.T, w series, instance string)
	one     bool   // fires when one of two instances is ill; else only when both are
	unknown string // why a new Prometheus cannot tell, empty where it can
	minutes int    // from the illness to the alert, at most
}

// from is a value until illFrom and another one after it.
func from(before, after string) string {
	return cut(steady(before), 0, illFrom) + " " + cut(after, illFrom, end+1)
}

func burning(windows ...string) func(*testing.T, series, string) {
	return func(t *testing.T, w series, instance string) {
		for _, window := range windows {
			w.set(t, from("98", steady("50")), "satisflow_window_satisfied{", `window="`+window+`"`, `instance="`+instance+`"`)
		}
	}
}

func changing(values string, texts ...string) func(*testing.T, series, string) {
	return func(t *testing.T, w series, instance string) {
		w.set(t, values, append(texts, `instance="`+instance+`"`)...)
	}
}

// stuck is a clock that stands still from illFrom on.
var stuck = cut(withClock, 0, illFrom) + fmt.Sprintf(" 1200x%d", end-illFrom)

func illnesses() []illness {
	return []illness{
		{alert: "SatisfactionSharpDrop", writer: "processor", ill: burning("1h"), one: true, minutes: 10},
		{alert: "SatisfactionBurnFast", writer: "processor", ill: burning("1h", "6h"), one: true, minutes: 10},
		{alert: "SatisfactionBurnSteady", writer: "processor", ill: burning("6h", "24h"), one: true, minutes: 20},
		{alert: "SatisfactionBurnMild", writer: "processor", ill: burning("6h", "24h"), one: true, minutes: 65},
		{alert: "SatisfactionBurnSlow", writer: "processor", ill: burning("24h", "7d"), one: true, minutes: 65},
		{alert: "SatisfactionTargetMissed", writer: "processor", ill: burning("28d"), one: true, minutes: 65},
		{alert: QualityBeyondStandard, writer: "processor", ill: changing(from("100000", steady("900000")), "satisflow_window_quality_points", "response_time_ms"), one: true, minutes: 65},
		{alert: "SatisflowPartitionsUnowned", writer: "processor", one: true, minutes: 10, ill: func(t *testing.T, w series, instance string) {
			for s := range w {
				if strings.Contains(s, `partition="`) && strings.Contains(s, `instance="`+instance+`"`) {
					w[s] = until(illFrom, w[s])
				}
			}
			w.set(t, from("2", steady("0")), "satisflow_partitions_owned", `instance="`+instance+`"`)
		}},
		{alert: "SatisflowDependencyDown", writer: "processor", ill: changing(from("1", steady("0")), "satisflow_up{", "clickhouse", "satisflow-processor"), minutes: 10},
		{alert: "SatisflowInsertsStalled", writer: "processor", ill: changing(stuck, "satisflow_last_flush"), one: true, minutes: 20},
		{alert: "SatisflowCatchingUp", writer: "processor", ill: changing(from("0", steady("1")), "satisflow_catching_up"), one: true, minutes: 5},
		{alert: "SatisflowCatchingUpLong", writer: "processor", ill: changing(from("0", steady("1")), "satisflow_catching_up"), one: true, minutes: 35},
		{alert: "SatisflowNotFresh", writer: "processor", ill: changing(stuck, "satisflow_fresh"), one: true, minutes: 45},
		{alert: "SatisflowWatermarkLag", writer: "processor", one: true, minutes: 60, ill: func(t *testing.T, w series, instance string) {
			w.set(t, stuck, "satisflow_watermark", `instance="`+instance+`"`)
			w.set(t, from("0", steady("10")), "satisflow_lag_records", `instance="`+instance+`"`)
		}},
		{alert: "SatisflowConsumerLag", writer: "processor", one: true, minutes: 45, ill: func(t *testing.T, w series, instance string) {
			w.set(t, from("0", steady("1800")), "satisflow_lag_seconds", `instance="`+instance+`"`)
			w.set(t, from("0", steady("10")), "satisflow_lag_records", `instance="`+instance+`"`)
		}},
		{alert: "SatisflowDeadLetters", writer: "processor", ill: changing(fmt.Sprintf("0x%d 0+30x%d", illFrom-1, end-illFrom), "satisflow_records_rejected"), one: true, minutes: 30},
		{alert: "SatisflowInsertErrors", writer: "processor", ill: changing(fmt.Sprintf("0x%d 0+90x%d", illFrom-1, end-illFrom), `result="error"`), one: true, minutes: 35},
		{alert: "SatisflowRecordsLost", writer: "processor", ill: changing(from("1000", steady("1012")), "satisflow_records_lost"), one: true, minutes: 5,
			unknown: "a counter says how many records were lost, not when"},
		{alert: "SatisflowMisrouted", writer: "processor", ill: changing(from("5", steady("12")), "satisflow_misrouted"), one: true, minutes: 5,
			unknown: "a counter says how many records were misrouted, not when"},
		{alert: "SatisflowIdentityConflicts", writer: "processor", ill: changing(from("0", steady("3")), "satisflow_identity"), one: true, minutes: 10},
		{alert: "SatisflowVerifyDifferences", writer: "processor", ill: changing(from("0", steady("3")), "satisflow_verify_differences"), one: true, minutes: 10},
		{alert: "SatisflowDimensionOutgrown", writer: "processor", ill: changing(from("0", steady("3")), "satisflow_dimension_folded"), one: true, minutes: 65},
		{alert: "SatisflowRulesOutdated", writer: "processor", ill: changing(from("0.95", steady("0.9")), "satisflow_target_ratio"), one: true, minutes: 65},
		{alert: "SatisflowProcessorDown", writer: "processor", ill: changing(from("1", steady("0")), "up{", "satisflow-processor"), one: true, minutes: 10},
		{alert: "SatisflowGatewayDown", writer: "gateway", ill: changing(from("1", steady("0")), "up{", "satisflow-gateway"), minutes: 10},
		{alert: "SatisflowGatewayInstanceDown", writer: "gateway", ill: changing(from("1", steady("0")), "up{", "satisflow-gateway"), one: true, minutes: 10},
		{alert: "SatisflowGatewayDependencyDown", writer: "gateway", ill: changing(from("1", steady("0")), "satisflow_up{", "kafka", "satisflow-gateway"), minutes: 10},
		{alert: "SatisflowCustomerAlertsStale", writer: "gateway", ill: only("writer", stuck, "satisflow_alerts_evaluated"), one: true, minutes: 20},
		{alert: "SatisflowCustomerAlertsUnsent", writer: "gateway", ill: only("writer", stuck, "satisflow_alerts_pushed"), one: true, minutes: 25},
		{alert: "SatisflowMailsPending", writer: "gateway", ill: only("writer", from("0", steady("2")), "satisflow_mails_pending"), one: true, minutes: 35},
		{alert: "SatisflowMailsRefused", writer: "gateway", ill: only("writer", from("2", steady("3")), "satisflow_mails_refused"), one: true, minutes: 5,
			unknown: "a counter says how many mails were rejected, not when"},
	}
}

// only changes a series that one instance has.
func only(instance, values string, texts ...string) func(*testing.T, series, string) {
	return func(t *testing.T, w series, _ string) {
		w.set(t, values, append(texts, `instance="`+instance+`"`)...)
	}
}

// elsewhere are alerts on hours and days, whose rows of the matrix are the scenarios in testdata.
var elsewhere = map[string]string{
	"SatisflowNoRatings": "services", "SatisflowSeriesVanished": "services", "SatisflowVerifyStopped": "verify",
	"SatisflowErasuresUnfinished": "erasures", "SatisflowErasedTextOnDisk": "erasures",
}

var instances = map[string][]string{"processor": {"p1", "p2"}, "gateway": {"writer", "reader"}}

func (i illness) world(t *testing.T, instances ...string) series {
	t.Helper()
	w := healthy()
	for _, instance := range instances {
		i.ill(t, w, instance)
	}
	return w
}

// cell is a world and what must fire in it.
type cell struct {
	name    string
	world   series
	minute  int
	fires   []string // at least
	silent  []string // none of these
	nothing bool     // no alert at all
}

// cells are the matrix.
func cells(t *testing.T) (all []cell) {
	for _, i := range illnesses() {
		at := illFrom + i.minutes
		both := instances[i.writer]
		add := func(c cell) {
			c.name = i.alert + ": " + c.name
			all = append(all, c)
		}
		one := cell{name: "one of two instances is ill", world: i.world(t, both[0]), minute: at}
		if i.one {
			one.fires = []string{i.alert}
		} else {
			one.silent = []string{i.alert}
		}
		add(one)

		gap := series{} // and another epoch is being built beside it, and well
		processor(gap, "2", "p3", 0)
		processor(gap, "2", "p4", 2)
		maps.Copy(gap, i.world(t, both...))
		for s := range gap {
			values := expand(gap[s])
			for minute := max(at-10, illFrom-8); minute < max(at-10, illFrom-8)+7; minute++ {
				values[minute] = "_"
			}
			gap[s] = strings.Join(values, " ")
		}
		add(cell{name: "a gap between scrapes", world: gap, minute: min(at+i.minutes+5, end-1), fires: []string{i.alert}})

		fresh := i.world(t, both...)
		for s := range fresh {
			fresh[s] = fmt.Sprintf("_x%d ", illFrom+10) + cut(fresh[s], illFrom+10, end+1)
		}
		installed := cell{name: "a new Prometheus", world: fresh, minute: min(at+i.minutes+15, end-1)}
		if i.unknown == "" {
			installed.fires = []string{i.alert}
		} else {
			installed.silent = []string{i.alert}
		}
		add(installed)

	}
	return append(append(all, buildingCell(t), deadCell("processor", "SatisflowMetricsAbsent", "SatisflowProcessorDown"),
		deadCell("gateway", "SatisflowGatewayDown", "SatisflowCustomerAlertsStale")), healthyCells()...)
}

// deadCell has all writers of a kind dead: someone is told so, and so no alert of theirs ends in silence.
func deadCell(writer string, fires ...string) cell {
	dead := healthy()
	for s := range dead {
		switch {
		case !strings.Contains(s, "satisflow-"+writer):
		case strings.HasPrefix(s, "up{"):
			dead[s] = from("1", steady("0"))
		default:
			dead[s] = until(illFrom, dead[s])
		}
	}
	return cell{name: "all are dead: " + writer, world: dead, minute: illFrom + 20, fires: fires}
}

// buildingCell has the processors of an epoch that is being built ill in every way, beside those of the current one:
// nobody is paged about figures that no reader follows. What was lost is lost in every epoch.
func buildingCell(t *testing.T) cell {
	w := healthy()
	ill := healthy()
	for _, i := range illnesses() {
		if i.writer == "processor" && i.alert != "SatisflowProcessorDown" && i.alert != "SatisflowPartitionsUnowned" {
			i.ill(t, ill, "p1")
			i.ill(t, ill, "p2")
		}
	}
	c := cell{name: "the epoch that is being built is ill in every way", world: w, minute: 100, fires: []string{"SatisflowRecordsLost"}}
	for s, v := range ill {
		if strings.Contains(s, "satisflow-processor") && !strings.Contains(s, "satisflow_current_epoch") {
			w[strings.NewReplacer(`epoch="1"`, `epoch="2"`, `"p1"`, `"p3"`, `"p2"`, `"p4"`).Replace(s)] = v
		}
	}
	for _, i := range illnesses() {
		if i.writer == "processor" && i.alert != "SatisflowRecordsLost" {
			c.silent = append(c.silent, i.alert)
		}
	}
	return c
}

// healthyCells are of worlds in which nothing may fire, or only what the death of a writer must raise.
func healthyCells() []cell {
	gap := healthy()
	for s := range gap {
		gap[s] = cut(gap[s], 0, 60) + " _x7 " + cut(gap[s], 67, end+1)
	}
	long := healthy() // of more than the hour that counters are compared over
	for s := range long {
		long[s] = cut(long[s], 0, 60) + " _x90 " + cut(long[s], 150, end+1)
	}
	restart := healthy()
	for s := range restart {
		switch {
		case strings.Contains(s, "_total{"):
			restart[s] = cut(restart[s], 0, 60) + fmt.Sprintf(" 0x%d", end-60)
		case strings.HasPrefix(s, "process_start"):
			restart[s] = cut(restart[s], 0, 60) + fmt.Sprintf(" 3600x%d", end-60)
		case strings.Contains(s, "_timestamp_seconds{") && !strings.Contains(s, "current_epoch"):
			restart[s] = cut(restart[s], 0, 60) + " 0 0 " + cut(restart[s], 62, end+1)
		}
	}
	installed := healthy()
	for s := range installed {
		installed[s] = "_x60 " + cut(installed[s], 60, end+1)
	}
	writer := healthy()
	for s := range writer {
		if strings.Contains(s, `instance="writer"`) {
			if strings.HasPrefix(s, "up{") {
				writer[s] = from("1", steady("0"))
			} else {
				writer[s] = until(illFrom, writer[s])
			}
		}
	}
	switched := healthy()
	for s := range switched {
		if strings.Contains(s, "satisflow_current_epoch") {
			switched[strings.ReplaceAll(s, `epoch="1"`, `epoch="2"`)] = strings.Repeat("_ ", illFrom) + fmt.Sprintf("1800x%d", end-illFrom)
			switched[s] = until(illFrom, switched[s])
		}
	}
	zombie := healthy() // owns partition 0 too, stands still, and has better figures
	for s := range zombie {
		if strings.Contains(s, `partition="0"`) && strings.Contains(s, `"p1"`) {
			other := strings.ReplaceAll(s, `"p1"`, `"zombie"`)
			zombie[other] = zombie[s]
			if strings.HasPrefix(s, "satisflow_fresh") {
				zombie[other] = stuck
			}
			if strings.HasPrefix(s, "satisflow_catching") {
				zombie[other] = from("0", steady("1"))
			}
			if strings.HasPrefix(s, "satisflow_window_satisfied") {
				zombie[s] = from("98", steady("0"))
			}
		}
	}
	return []cell{
		{name: "all is well", world: healthy(), minute: end - 1, nothing: true},
		{name: "a gap between scrapes of what is well, after it", world: gap, minute: 70, nothing: true},
		{name: "a gap between scrapes of what is well, an hour after it", world: gap, minute: 132, nothing: true},
		{name: "an hour and a half without scrapes", world: long, minute: 155, nothing: true},
		{name: "a restart of every process", world: restart, minute: 75, nothing: true},
		{name: "a restart of every process, an hour after it", world: restart, minute: 125, nothing: true},
		{name: "a new Prometheus", world: installed, minute: 80, nothing: true},
		{name: "a new Prometheus, an hour after it", world: installed, minute: 130, nothing: true},
		{name: "nothing was ever there", world: series{"unrelated": steady("1")}, minute: 30, fires: []string{"SatisflowMetricsAbsent", "SatisflowCustomerAlertsStale"}},
		{name: "the gateway that writes dies beside one that reads", world: writer, minute: illFrom + 25, fires: []string{"SatisflowCustomerAlertsStale", "SatisflowGatewayInstanceDown"}, silent: []string{"SatisflowGatewayDown"}},
		{name: "the gateway that writes dies beside one that reads, hours later", world: writer, minute: end - 1, fires: []string{"SatisflowCustomerAlertsStale", "SatisflowGatewayInstanceDown"}},
		{name: "epochs were switched and the processors of the new one not started", world: switched, minute: illFrom + 20, fires: []string{"SatisflowMetricsAbsent"}},
		{name: "an owner that stands still hides the ratings of the one that took over", world: zombie, minute: illFrom + 15, fires: []string{"SatisfactionSharpDrop"}, silent: []string{"SatisflowNotFresh", "SatisflowCatchingUp"}},
	}
}

// promtoolTest is a test of promtool for a cell.
func (c cell) promtoolTest() map[string]any {
	var input []map[string]string
	for _, s := range slices.Sorted(maps.Keys(c.world)) {
		input = append(input, map[string]string{"series": s, "values": strings.Join(expand(c.world[s])[:c.minute+1], " ")})
	}
	var exprs []map[string]any
	ask := func(expr string, want int) {
		exprs = append(exprs, map[string]any{"expr": expr, "eval_time": fmt.Sprintf("%dm", c.minute), "exp_samples": []any{map[string]any{"labels": "{}", "value": want}}})
	}
	for _, name := range c.fires {
		ask(`count(count by (alertname) (ALERTS{alertstate="firing",alertname="`+name+`"})) or vector(0)`, 1)
	}
	for _, name := range c.silent {
		ask(`count(ALERTS{alertstate="firing",alertname="`+name+`"}) or vector(0)`, 0)
	}
	if c.nothing {
		ask(`count(ALERTS{alertstate="firing"}) or vector(0)`, 0)
	}
	return map[string]any{"name": c.name, "interval": "1m", "input_series": input, "promql_expr_test": exprs}
}

// runMatrix returns which cells fail with the rules.
func runMatrix(t *testing.T, promtool string, rules []byte, all []cell) (failed []string) {
	t.Helper()
	const workers = 2
	slices.SortStableFunc(all, func(a, b cell) int { return a.minute - b.minute }) // the same work for each
	var group errgroup.Group
	var mu sync.Mutex
	for worker := range workers {
		var part []cell
		for i := worker; i < len(all); i += workers {
			part = append(part, all[i])
		}
		group.Go(func() error {
			names := runCells(t, promtool, rules, part)
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, names...)
			return nil
		})
	}
	_ = group.Wait()
	return failed
}

// runCells returns which cells fail with the rules.
func runCells(t *testing.T, promtool string, rules []byte, all []cell) (failed []string) {
	t.Helper()
	dir := t.TempDir()
	var tests []map[string]any
	for _, c := range all {
		tests = append(tests, c.promtoolTest())
	}
	content, err := yaml.Marshal(map[string]any{"rule_files": []string{committed}, "evaluation_interval": "1m", "tests": tests})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{committed: rules, "matrix.yml": content} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "matrix.yml")).CombinedOutput()
	if err == nil {
		return nil
	}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "name: "); ok {
			failed = append(failed, strings.TrimSuffix(name, ","))
		}
	}
	if len(failed) == 0 {
		return []string{string(out)}
	}
	return failed
}

func TestEveryAlertIsHeardWhenItsWriterIsDead(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	file, err := Build(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{"SatisflowMetricsAbsent": true} // what fires when the writers are dead
	for _, i := range illnesses() {
		tried[i.alert] = true
	}
	for _, a := range file.Alerts() {
		if !tried[a.Alert] && elsewhere[a.Alert] == "" {
			t.Errorf("%s has no row in the matrix", a.Alert)
		}
	}
	rules, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	all := cells(t)
	t.Logf("%d cells", len(all))
	for _, failed := range runMatrix(t, promtool, rules, all) {
		t.Error(failed)
	}
}

func TestARuleThatDiesWithItsWriterFailsTheMatrix(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	content, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	all := cells(t)
	for _, broken := range []struct{ name, cell, old, new string }{
		{"the absence of evaluations is not seen", "the gateway that writes dies beside one that reads", "absent_over_time(satisflow_alerts_evaluated_timestamp_seconds[10m])", "absent_over_time(up[10m])"},
		{"an old counter counts as one that was born", "a new Prometheus", "process_start_time_seconds > time() - 3600", "process_start_time_seconds > -1e9"},
		{"a gateway hides that no processor reaches ClickHouse", "SatisflowDependencyDown: a gap between scrapes", `satisflow_up{job="satisflow-processor"}`, `satisflow_up{job!=""}`},
		{"figures are of any epoch", "the epoch that is being built is ill in every way", "\n            and on (epoch)\n          satisflow:epoch:current", ""},
		{"processors of a retired epoch count", "epochs were switched and the processors of the new one not started", "count(satisflow_partitions_owned and on (epoch) satisflow:epoch:current)", "count(satisflow_partitions_owned)"},
		{"an owner that stands still is mixed with the one that took over", "an owner that stands still hides the ratings of the one that took over", "== on (epoch, partition) group_left ()", "<= on (epoch, partition) group_left ()"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			if !strings.Contains(string(content), broken.old) {
				t.Fatalf("the rules have no %q to break", broken.old)
			}
			rules := strings.ReplaceAll(string(content), broken.old, broken.new)
			i := slices.IndexFunc(all, func(c cell) bool { return c.name == broken.cell })
			if i < 0 {
				t.Fatalf("the matrix has no cell %q", broken.cell)
			}
			if failed := runCells(t, promtool, []byte(rules), all[i:i+1]); len(failed) == 0 || !strings.Contains(failed[0], "got:") {
				t.Errorf("the cell %q passes, or fails for another reason: %v", broken.cell, failed)
			}
		})
	}
}
