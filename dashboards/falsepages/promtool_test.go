package falsepages

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"satisflow/dashboards/rules"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/window"
)

// Twenty courses, each a service with a seed of its own, over half a day that begins after the warm-up; most drop shortly
// before or after its begin. The simulation and promtool must agree on every alert in every pane.
const (
	seeds     = 20
	begin     = warmUp + stepsPerDay/3
	evaluated = stepsPerDay / 2
)

func TestPrometheusFiresWhenTheSimulationDoes(t *testing.T) {
	promtool := testkit.Require(t, "promtool", "apt-get install prometheus")
	cfg := rules.DefaultConfig()
	dir := t.TempDir()
	content := targetRules(t, cfg)
	test, fired := promtoolTest(t, cfg)
	for name, content := range map[string][]byte{"rules.yml": content, "test.yml": test} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// The courses must have something to disagree about.
	for _, b := range cfg.Burns {
		if b.Long != "28d" && fired[b.Alert] < 2 {
			t.Errorf("%s fires in %d courses, want at least 2", b.Alert, fired[b.Alert])
		}
	}
	if out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "test.yml")).CombinedOutput(); err != nil {
		t.Errorf("promtool disagrees: %v\n%.4000s", err, out)
	}
}

// targetRules are the generated rules on satisfaction. Without the texts, whose queries are most of promtool's work.
func targetRules(t *testing.T, cfg rules.Config) []byte {
	t.Helper()
	file, err := rules.Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	target := func(r rules.Rule) bool { return r.Record != "" || r.Labels["class"] == string(rules.ClassTarget) }
	file.Groups[0].Rules = slices.DeleteFunc(file.Groups[0].Rules, func(r rules.Rule) bool { return !target(r) })
	for i := range file.Groups[0].Rules {
		file.Groups[0].Rules[i].Annotations = nil
	}
	content, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Files of promtool, as far as this test needs them.
type (
	testFile struct {
		RuleFiles  []string   `yaml:"rule_files"`
		Evaluation string     `yaml:"evaluation_interval"`
		Tests      []ruleTest `yaml:"tests"`
	}
	ruleTest struct {
		Interval string     `yaml:"interval"`
		Series   []series   `yaml:"input_series"`
		Exprs    []exprTest `yaml:"promql_expr_test"`
	}
	series struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	exprTest struct {
		Expr    string   `yaml:"expr"`
		At      string   `yaml:"eval_time"`
		Samples []sample `yaml:"exp_samples"`
	}
	sample struct {
		Labels string  `yaml:"labels"`
		Value  float64 `yaml:"value"`
	}
)

// promtoolTest writes the courses and what the simulation says about them. It returns how many courses each alert fires
// in.
func promtoolTest(t *testing.T, cfg rules.Config) (file []byte, fired map[string]int) {
	t.Helper()
	watches, err := generated(cfg)
	if err != nil {
		t.Fatal(err)
	}
	test, fired := ruleTest{Interval: "5m", Series: []series{
		{`satisflow_current_epoch_timestamp_seconds{epoch="1"}`, fmt.Sprintf("1x%d", evaluated)},
		{`satisflow_fresh_timestamp_seconds{epoch="1",partition="0"}`, fmt.Sprintf("0+300x%d", evaluated)},
	}}, map[string]int{}
	firing := make([][]sample, evaluated)
	for seed := range seeds {
		name := fmt.Sprintf("seed%d", seed)
		course := newCounts(begin + evaluated)
		courseOf(seed).draw(course, source(seed))
		test.Series = append(test.Series, gauges(cfg, name, course)...)
		for _, w := range watches[:len(cfg.Burns)] {
			out := make([]bool, course.panes())
			w.firing(course, begin, out)
			if slices.Contains(out, true) {
				fired[w.name]++
			}
			for i, on := range out[begin:] {
				if on {
					firing[i] = append(firing[i], sample{fmt.Sprintf(`{alertname=%q,value=%q}`, w.name, name), 1})
				}
			}
		}
	}
	for i, samples := range firing {
		test.Exprs = append(test.Exprs, exprTest{`count by (alertname, value) (ALERTS{class="target",alertstate="firing"})`, fmt.Sprintf("%dm", 5*i), samples})
	}
	file, err = yaml.Marshal(testFile{[]string{"rules.yml"}, "5m", []ruleTest{test}})
	if err != nil {
		t.Fatal(err)
	}
	return file, fired
}

// courseOf gives each seed one of four rates, of five fates, and of three times: the day before, the hour before, and
// two hours later.
func courseOf(seed int) Traffic {
	bad := []float64{0.10, 0.20, 0.30, 0.50, good}[seed%5]
	at := []int{-stepsPerDay, -stepsPerDay / 24, stepsPerDay / 12}[seed%3]
	return Traffic{PerDay: rates()[seed%4], Bad: good, DropTo: bad, DropAt: begin + at}
}

// gauges are the series that a processor would show of the course.
func gauges(cfg rules.Config, name string, course counts) (all []series) {
	for _, w := range cfg.Windows {
		ratings, satisfied := gauge(w, course)
		labels := fmt.Sprintf(`{epoch="1",window=%q,dimension="service",value=%q,partition="0"}`, w.Name, name)
		all = append(all, series{"satisflow_window_ratings" + labels, ratings}, series{"satisflow_window_satisfied" + labels, satisfied})
	}
	return all
}

func gauge(w window.Spec, course counts) (ratings, satisfied string) {
	var n, k strings.Builder
	for pane := begin; pane < course.panes(); pane++ {
		all, bad := course.in(pane, steps(w.Length))
		fmt.Fprintf(&n, "%d ", all)
		fmt.Fprintf(&k, "%d ", all-bad)
	}
	return n.String(), k.String()
}
