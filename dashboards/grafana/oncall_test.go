package grafana

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/dashboards/rules"
	"satisflow/pipeline/stats"
)

// shown is what a target must answer: by the words that follow in the key of an answer.
type shown struct {
	want   answer
	off    float64 // allowed, absolute
	at     time.Time
	values map[string][]string // of variables
}

// service3 has a name that an expression would take for its own.
const service3 = `o'neill (x)`

// liveRatings are in two partitions; each service is another verdict.
func liveRatings() records {
	all := make(records, 2)
	at := time.Now().UTC().Add(-10 * time.Minute).Format(time.RFC3339)
	for i := range 30 {
		score := "2"
		if i >= 20 {
			score = "4.5"
		}
		all.add(i%2, fmt.Sprint("l", i), fmt.Sprintf(`"occurred_at":%q,"service":"legal_consulting","rating":%s,"quality":{"response_time_ms":%d,"accuracy":0.5}`, at, score, 100*i))
	}
	for i := range 3 {
		all.add(i%2, fmt.Sprint("o", i), fmt.Sprintf(`"occurred_at":%q,"service":%q,"rating":5`, at, service3))
	}
	for i := range 90 {
		service, score := "met", 5
		if i < 30 {
			service = "review"
		}
		if i < 5 {
			score = 3
		}
		all.add(i%2, fmt.Sprint("m", i), fmt.Sprintf(`"occurred_at":%q,"service":%q,"rating":%d`, at, service, score))
	}
	all.add(0, "d", fmt.Sprintf(`"occurred_at":%q,"service":"document_review","comment":"fine"`, at))
	all.add(0, "d", fmt.Sprintf(`"occurred_at":%q,"service":"document_review","comment":"fine"`, at))
	return all
}

// liveCounts are ratings and satisfied ones, by the key of an answer.
var liveCounts = map[string][2]int64{"overall": {123, 98}, "service/met": {60, 60}, "service/review": {30, 25}, "service/legal_consulting": {30, 10}, "service/" + service3: {3, 3}, "service/document_review": {0, 0}}

// each makes an answer of what f gives for those keys that have ratings, and only these when some is set.
func each(some bool, f func(n, k int64) float64) answer {
	a := answer{}
	for key, c := range liveCounts {
		if c[0] > 0 || !some {
			a[key] = f(c[0], c[1])
		}
	}
	return a
}

// keyed keeps the answers of one key.
func keyed(a answer, keys ...string) answer {
	out := answer{}
	for _, k := range keys {
		if v, ok := a[k]; ok {
			out[k] = v
		}
	}
	return out
}

func liveExpectations() map[string]map[string]shown {
	share := each(true, func(n, k int64) float64 { return float64(k) / float64(n) })
	bad := each(true, func(n, k int64) float64 { return 1 - float64(k)/float64(n) })
	number := each(false, func(n, _ int64) float64 { return float64(n) })
	bound := func(z float64, high bool) answer {
		return each(true, func(n, k int64) float64 {
			w := stats.Wilson(k, n, z)
			if high {
				return w.High
			}
			return w.Low
		})
	}
	badLow := func(z float64) answer {
		return each(true, func(n, k int64) float64 { return stats.Wilson(n-k, n, z).Low })
	}
	verdict := each(false, func(n, k int64) float64 {
		return map[string]float64{"no_data": 0, "undetermined": 1, "below": 2, "met": 3}[stats.Judge(k, n, 0.95).Verdict.String()]
	})
	budget := each(true, func(n, k int64) float64 { return 1 - (1-float64(k)/float64(n))/0.05 })
	const small = 1e-4 // six digits of constants in the recorded bounds
	e := map[string]map[string]shown{
		"Satisfied now, in the rolling window": {
			"share": {want: share, off: 1e-9}, "low": {want: bound(stats.Z95, false), off: 1e-9}, "high": {want: bound(stats.Z95, true), off: 1e-9},
			"n": {want: number}, "verdict": {want: verdict}, "budget": {want: budget, off: 1e-9},
		},
		"Ratings in the rolling window": {"n": {want: number}},
		"Quality in the last 24h, by service": {
			"mean": {want: answer{"legal_consulting/response_time_ms": 1450, "legal_consulting/accuracy": 0.5}},
			"n":    {want: answer{"legal_consulting/response_time_ms": 30, "legal_consulting/accuracy": 30}},
			// The other one has no ratings with the metric: its row says so.
			"standard": {want: answer{"legal_consulting/response_time_ms": 2000, "met/accuracy": 0.9}},
		},
		"Records that wait, by partition":    {"lag": {want: answer{"0": 0, "1": 0}}},
		"End to end: age of what is shown":   {"age": {want: answer{"": 1}, off: 2.5}, "catching_up": {want: answer{"": 0}}},
		"Age of the watermark, by partition": {"age": {want: answer{"0": 126, "1": 126}, off: 8}},
	}
	for window, z := range map[string]float64{"1h": rules.Page.Z(), "6h": rules.Page.Z(), "24h": rules.Page.Z(), "7d": rules.Ticket.Z(), "28d": rules.Ticket.Z()} {
		e["Not satisfied in "+window+", and its lower bound"] = map[string]shown{"share": {want: bad, off: 1e-9}, "low": {want: badLow(z), off: small}, "n": {want: number}}
	}
	return e
}

func (p *metricsServer) holds(t *testing.T, d *Dashboard, target Target, s shown) error {
	t.Helper()
	at := s.at
	if at.IsZero() {
		at = time.Now()
	}
	v := view{values: s.values, interval: time.Minute}
	got, err := p.tryQuery(t.Context(), v.expandPromQL(target.Query(), d.Templating.List), at)
	if err != nil {
		return err
	}
	if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(s.want))) {
		return fmt.Errorf("got %v, want %v", got, s.want)
	}
	for key, want := range s.want {
		if math.Abs(got[key]-want) > s.off+1e-9*math.Abs(want) {
			return fmt.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	return nil
}

// promMutations break an expression in ways that must show.
var promMutations = [][2]string{
	{"(1 - satisflow:window_bad:ratio", "(satisflow:window_bad:ratio"}, {" - 1.9", " + 1.9"}, {" + 1.9", " - 1.9"}, {">= bool 0.95", ">= bool 0.1"}, {"< bool 0.95", "< bool 0.2"},
	{":lower_page", ":ratio"}, {":lower_ticket", ":ratio"}, {"window_bad:ratio", "window_bad:lower_page"}, {"window_ratings:sum", "window_bad:sum"},
	{"error_budget_left:ratio", "window_bad:ratio"}, {"quality:mean", "quality_count:sum"}, {"quality_count:sum", "quality:mean"},
	{"time() - ", "time() + "}, {"min(", "1 + min("}, {"sum(rate", "max(rate"}, {"sum(increase", "max(increase"}, {"offset 7d", "offset 6d"}, {"0.99", "0.9"}, {"0.5,", "0.7,"},
	{"sum by (reason)", "sum by (job)"}, {"sum by (table)", "max by (table)"}, {"sum by (le, table)", "sum by (le)"}, {`result="error"`, `result="ok"`},
	{"sum(max by (partition)", "sum(sum by (partition)"}, {"sum(satisflow", "max(satisflow"}, {"rate(process", "0 * rate(process"}, {"process_resident", "2 * process_resident"},
	{"satisflow_memory_bytes", "satisflow_pending_rows"}, {"rate(go_gc", "2 * rate(go_gc"}, {"go_goroutines", "-go_goroutines"}, {"satisflow_partitions_owned", "satisflow_topic_partitions"},
	{"max(satisflow_topic", "sum(satisflow_topic"}, {`code=~"5.."`, `code=~"2.."`}, {"satisflow:partition_lag:min", "satisflow:partition_lag:min + 1"},
	{"sum by (part)", "max by (part)"}, {"count by (part)", "sum by (part)"}, {"max(satisflow_", "sum(satisflow_"}, {"max by (rule, severity)", "sum by (rule, severity)"},
	{"satisflow:service_standard:max", "satisflow:window_quality:mean"}, {"push_enabled) == 1", "push_enabled) == 0"},
	{"sum by (code)", "max by (code)"}, {"min by (partition)", "1 + min by (partition)"},
}

// mutated are the expressions that mutations make of one.
func mutated(t Target) (all []Target) {
	p := t.(PrometheusTarget)
	for _, m := range promMutations {
		if strings.Contains(p.Expr, m[0]) {
			q := p
			q.Expr = strings.ReplaceAll(p.Expr, m[0], m[1])
			all = append(all, q)
		}
	}
	return all
}

func onCallBoard(t *testing.T) *Dashboard {
	t.Helper()
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range boards[2].Panels {
		for j, target := range p.Targets {
			if target.Query() != boards[3].Panels[i].Targets[j].Query() {
				t.Errorf("panel %q asks otherwise in Chinese", p.Title)
			}
		}
	}
	return &boards[2]
}

func TestEveryPanelOfOnCallShowsWhatTheOracleSays(t *testing.T) {
	cfg := rules.DefaultConfig()
	cfg.TimeScale, cfg.Interval = 60, time.Minute
	processor := startProcessor(t, liveRatings())
	past := time.Now().Add(-5 * time.Hour).Truncate(time.Minute)
	server := startPrometheus(t, processor.handler(), cfg, backfilled(past))
	board := onCallBoard(t)
	live, backfill := liveExpectations(), pastExpectations(past)
	server.await(t, "the figures to be recorded", func() bool {
		return len(server.query(t, `satisflow:window_bad:lower_ticket{window="28d"}`, time.Now())) == 5 &&
			len(server.query(t, "satisflow:partition_lag:min", time.Now())) == 2 // the last to be recorded
	})
	held, mutants := 0, 0
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			if p.Title == "Active alerts, oldest first" {
				held++
				continue // below
			}
			expected, ok := live[p.Title][target.Ref()]
			if !ok {
				expected, ok = backfill[p.Title][target.Ref()]
			}
			if !ok {
				t.Errorf("panel %q %s has no oracle", p.Title, target.Ref())
				continue
			}
			held++
			if err := server.holds(t, board, target, expected); err != nil {
				t.Errorf("panel %q %s: %v\n%s", p.Title, target.Ref(), err, target.Query())
			}
			mutants += server.findsMutations(t, board, &p, target, expected)
		}
	}
	t.Logf("%d targets held, %d mutants", held, mutants)
	t.Run("variables", func(t *testing.T) { server.holdsVariables(t, board, live) })
	t.Run("alerts", func(t *testing.T) { server.holdsAlerts(t, board) })
	t.Run("names", func(t *testing.T) { holdsNames(t, processor.names(t)) })
}

func (p *metricsServer) findsMutations(t *testing.T, d *Dashboard, panel *Panel, target Target, s shown) int {
	t.Helper()
	mutants := mutated(target)
	if len(mutants) == 0 {
		t.Errorf("panel %q %s: no mutation is made of %s", panel.Title, target.Ref(), target.Query())
	}
	for _, m := range mutants {
		if p.holds(t, d, m, s) == nil {
			t.Errorf("panel %q %s: not noticed: %s", panel.Title, target.Ref(), m.Query())
		}
	}
	return len(mutants)
}

// holdsVariables chooses one value, one with special characters, several, and, as a link from an alert does, the empty
// value of overall.
func (p *metricsServer) holdsVariables(t *testing.T, d *Dashboard, live map[string]map[string]shown) {
	for name, values := range map[string]map[string][]string{
		"one":     {"dimension": {"service"}, "value": {"legal_consulting"}},
		"special": {"dimension": {"service"}, "value": {service3}},
		"several": {"dimension": {"service"}, "value": {service3, "legal_consulting"}},
		"overall": {"dimension": {"overall"}, "value": {""}},
	} {
		for title, targets := range live {
			panel := panelOf(t, *d, title)
			for _, target := range panel.Targets {
				s := targets[target.Ref()]
				if !strings.Contains(target.Query(), "$value") {
					continue
				}
				keys := []string{"overall"}
				if values["dimension"][0] == "service" {
					keys = nil
					for _, v := range values["value"] {
						keys = append(keys, "service/"+v)
					}
				}
				s.want, s.values = keyed(s.want, keys...), values
				if err := p.holds(t, d, target, s); err != nil {
					t.Errorf("%s: panel %q %s: %v", name, title, target.Ref(), err)
				}
			}
		}
	}
}

func (p *metricsServer) holdsAlerts(t *testing.T, d *Dashboard) {
	query := panelOf(t, *d, "Active alerts").Targets[0].Query()
	annotation := d.Annotations.List[1].Expr
	var got, firing []string
	p.await(t, "the sharp drop to fire and the panel to show what Prometheus says", func() bool {
		firing = p.firing(t)
		if !slices.Contains(firing, "SatisfactionSharpDrop") {
			return false
		}
		got = nil
		for key, since := range p.query(t, query, time.Now()) {
			got = append(got, strings.Split(key, "/")[0])
			if age := time.Since(time.UnixMilli(int64(since))); age < -2*time.Second || age > 2*time.Minute {
				t.Errorf("alert %s since %v", key, time.UnixMilli(int64(since)))
			}
		}
		slices.Sort(got)
		return slices.Equal(got, firing)
	})
	if _, ok := p.query(t, annotation, time.Now())["SatisfactionSharpDrop/page/service/legal_consulting"]; !ok {
		t.Errorf("the annotation does not show the sharp drop: %v", p.query(t, annotation, time.Now()))
	}
}

// holdsNames wants every metric of the check in the processor's registry, but for what Prometheus makes itself, and the
// gateway's, which are in the reference that is generated from its registry.
func holdsNames(t *testing.T, registered map[string]bool) {
	reference, err := os.ReadFile("../../deploy/docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scraped {
		own := name == "ALERTS" || name == "ALERTS_FOR_STATE"
		if !own && !registered[name] && !strings.Contains(string(reference), "`"+name+"`") {
			t.Errorf("metric %s: neither processor nor gateway exposes it", name)
		}
	}
}
