package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

const promtoolHint = "apt-get install prometheus"

func TestPromtoolAcceptsTheRules(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	for name, cfg := range configurations(t) {
		content, err := Generate(cfg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil || strings.Contains(string(out), "FAILED") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// configurations are the default one and ones that change the shape of the rules.
func configurations(t *testing.T) map[string]Config {
	all := map[string]Config{"default": DefaultConfig()}
	for _, target := range []Target{{HighlySatisfied, 0.6}, {NotDissatisfied, 0.99}, {Mean, 4.5}} {
		cfg := DefaultConfig()
		cfg.Target = target
		all["target on "+target.On] = cfg
	}
	cfg := DefaultConfig()
	cfg.Dimensions = append(cfg.Dimensions, "channel", "service_channel")
	all["more dimensions"] = cfg
	cfg = DefaultConfig()
	cfg.TimeScale = 300
	all["scaled"] = cfg
	for _, names := range [][]string{{"2h", "12h", "2d", "14d", "30d"}, {"24h", "28d"}, {"10m"}} {
		all["windows "+strings.Join(names, ", ")] = DefaultConfig().WithWindows(windows(t, names...))
	}
	return all
}

func TestScenarios(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	scenarios, err := filepath.Glob("testdata/*.yml")
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, scenario := range scenarios {
		t.Run(strings.TrimSuffix(filepath.Base(scenario), ".yml"), func(t *testing.T) {
			t.Parallel()
			if out, err := exec.Command(promtool, "test", "rules", scenario).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestABrokenRuleFailsItsScenario(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	for _, broken := range []struct{ name, scenario, old, new string }{
		{"two owners are added up", "two-owners", "max by (window, dimension, value, partition)", "sum by (window, dimension, value, partition)"},
		{"an owner that hangs on is heard", "two-owners", "max(min by (partition) (satisflow_catching_up and on (epoch, partition, instance) satisflow:partition_owner:fresh))", "max(satisflow_catching_up)"},
		{"the target speaks while catching up", "catching-up", "satisflow:catching_up:max > 0", "satisflow:catching_up:max > 1"},
		{"few ratings are enough", "sparse-noise", "{window=\"6h\"} >= ", "{window=\"6h\"} >= 0 * "},
		{"a gap ends a page", "restart", "keep_firing_for: 30m", "keep_firing_for: 1m"},
		{"slower is better", "leading", "> on (value, metric)", "< on (value, metric)"},
		{"a counter that is born above 0 is not seen", "pipeline", "unless last_over_time(satisflow_records_lost_total[1d] offset 1h)) > 0", "unless satisflow_records_lost_total) > 0"},
		{"a gateway that starts begins the day anew", "erasures", "max(max_over_time(satisflow_erasures_unfinished[30m]))", "max(last_over_time(satisflow_erasures_unfinished[30m]))"},
		{"the first day of metrics is taken for a failure", "erasures", "count(last_over_time(satisflow_erasure_scrub_timestamp_seconds[1h] offset 1d))", "count(satisflow_erasure_scrub_timestamp_seconds)"},
		{"pushing that is off is missed", "customers", "max(satisflow_alerts_push_enabled) == 1", "max(satisflow_alerts_push_enabled) >= 0"},
		{"a push is wanted though nothing is open", "customers", "(satisflow_alerts_open)) > 0", "(satisflow_alerts_open)) >= 0"},
		{"who took over partition 0 is not given its turn", "verify", "max_over_time(satisflow_verify_timestamp_seconds[3h])", "satisflow_verify_timestamp_seconds"},
		{"the first hours of metrics are taken for a failure", "verify", "last_over_time(satisflow_verify_timestamp_seconds[1h] offset 3h)", "satisflow_verify_timestamp_seconds"},
		{"partitions are taken for windows", "outdated", "5 - count(count by (window)", "5 - count(count by (window, partition)"},
		{"a window that is gone is not missed", "outdated", "5 - count", "3 - count"},
		{"another window is not noticed", "outdated", `window!~"1h|6h|24h|7d|28d"`, `window!~".*"`},
		{"absence is not seen", "all-gone", "absent_over_time(satisflow:processors:count[10m])", "satisflow:processors:count < 0"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			scenario := breakRules(t, broken.scenario, broken.old, broken.new)
			if out, err := exec.Command(promtool, "test", "rules", scenario).CombinedOutput(); err == nil {
				t.Errorf("the scenario %s passes:\n%s", broken.scenario, out)
			} else if !strings.Contains(string(out), "got:") {
				t.Errorf("the scenario fails for another reason: %v\n%s", err, out)
			}
		})
	}
}

// breakRules copies the rules, changed, and a scenario, and returns the path of the latter.
func breakRules(t *testing.T, scenario, from, to string) string {
	t.Helper()
	dir := t.TempDir()
	rules, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(rules), from) {
		t.Fatalf("the rules have no %q to break", from)
	}
	test, err := os.ReadFile(filepath.Join("testdata", scenario+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	test = []byte(strings.ReplaceAll(string(test), "../"+committed, committed))
	path := filepath.Join(dir, "scenario.yml")
	for name, content := range map[string]string{filepath.Join(dir, committed): strings.ReplaceAll(string(rules), from, to), path: string(test)} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
