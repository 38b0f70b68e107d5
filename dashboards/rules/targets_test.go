package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"satisflow/deploy/testkit"
)

// 100 ratings: 90 satisfied, 60 of them highly, 4 dissatisfied, mean 4.5; those of a product are not asked for.
const gauges = `
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'satisflow_current_epoch_timestamp_seconds{epoch="1"}', values: '1x30'}
      - {series: 'satisflow_fresh_timestamp_seconds{epoch="1",partition="0"}', values: '0+60x30'}
      - {series: 'satisflow_window_ratings{epoch="1",window="24h",dimension="service",value="s",partition="0"}', values: '100x30'}
      - {series: 'satisflow_window_satisfied{epoch="1",window="24h",dimension="service",value="s",partition="0"}', values: '90x30'}
      - {series: 'satisflow_window_highly_satisfied{epoch="1",window="24h",dimension="service",value="s",partition="0"}', values: '60x30'}
      - {series: 'satisflow_window_dissatisfied{epoch="1",window="24h",dimension="service",value="s",partition="0"}', values: '4x30'}
      - {series: 'satisflow_window_rating_points{epoch="1",window="24h",dimension="service",value="s",partition="0"}', values: '450x30'}
      - {series: 'satisflow_window_ratings{epoch="1",window="24h",dimension="product",value="p",partition="0"}', values: '100x30'}
      - {series: 'satisflow_window_ratings{epoch="1",window="28d",dimension="service",value="s",partition="0"}', values: '100x30'}
    promql_expr_test:
      - {expr: 'round(satisflow:window_bad:ratio, 0.0001)', eval_time: 10m, exp_samples: [{labels: '{window="24h",dimension="service",value="s"}', value: %v}]}
      - {expr: 'ALERTS{alertstate="firing",severity="page",class="target"}', eval_time: 30m, exp_samples: [%s]}
`

func TestTheBadShareIsThatOfTheTarget(t *testing.T) {
	promtool := testkit.Require(t, "promtool", promtoolHint)
	const page = `{labels: 'ALERTS{alertname="SatisfactionBurnSteady",alertstate="firing",severity="page",class="target",origin="satisflow-rules",window="24h",dimension="service",value="s"}', value: 1}`
	for _, c := range []struct {
		target Target
		bad    float64
		pages  string
	}{
		{Target{Satisfied, 0.95}, 0.10, ""},
		{Target{Satisfied, 0.99}, 0.10, page},
		{Target{HighlySatisfied, 0.60}, 0.40, ""},
		{Target{HighlySatisfied, 0.90}, 0.40, page},
		{Target{NotDissatisfied, 0.95}, 0.04, ""},
		{Target{Mean, 4.5}, 0.125, ""},
		{Target{Mean, 4.9}, 0.125, page},
	} {
		t.Run(fmt.Sprintf("%s %v", c.target.On, c.target.Value), func(t *testing.T) {
			t.Parallel()
			cfg := DefaultConfig()
			cfg.Target = c.target
			rules, err := Generate(cfg)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for name, content := range map[string]string{"rules.yml": string(rules), "test.yml": fmt.Sprintf(gauges, c.bad, c.pages)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "test.yml")).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestAllPagesOnTheTargetLingerEquallyLong(t *testing.T) {
	var pages []Burn
	for _, b := range DefaultBurns() {
		if b.Severity == Page {
			pages = append(pages, b)
		}
	}
	for _, b := range pages {
		if b.KeepFiring != pages[0].KeepFiring {
			t.Errorf("%s lingers for %v, %s for %v: when all is well again, the later one would page", b.Alert, b.KeepFiring, pages[0].Alert, pages[0].KeepFiring)
		}
	}
}
