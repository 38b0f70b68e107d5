package rules

import (
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/window"
)

func TestABadConfigurationIsNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"a share above one", func(c *Config) { c.Target.Value = 95 }, "target.value: 95: want more than 0 and less than 1"},
		{"a mean beyond the scale", func(c *Config) { c.Target = Target{Mean, 5} }, "target.value: 5: want more than 1 and less than 5"},
		{"a target on nothing known", func(c *Config) { c.Target.On = "nps" }, `target.on: "nps": want satisfied`},
		{"bands out of order", func(c *Config) { c.Bands.Satisfied = 200 }, "bands: dissatisfied 3.00"},
		{"a window that is not configured", func(c *Config) { c.Windows = c.Windows[1:] }, `burns[0].long: "1h" is not a configured window: want one of 6h, 24h, 7d, 28d`},
		{"a short window that is not configured", func(c *Config) { c.Burns[1].Short = "2h" }, `burns[1].short: "2h" is not`},
		{"a short window that is the longer one", func(c *Config) { c.Burns[1].Short = "24h" }, `burns[1].short: "24h": want a window shorter than 6h`},
		{"a recovery that nothing shows", func(c *Config) { c.Burns[1].MinShort = 0 }, "burns[1].min_short: 0"},
		{"an alert twice", func(c *Config) { c.Burns[1].Alert = c.Burns[0].Alert }, "burns[1].alert"},
		{"an alert without a name", func(c *Config) { c.Burns[0].Alert = "" }, "burns[0].alert"},
		{"a threshold below the target", func(c *Config) { c.Burns[0].OddsFactor = 0.5 }, "burns[0].odds_factor: 0.5: want at least 1"},
		{"a severity that nobody gets", func(c *Config) { c.Burns[0].Severity = "info" }, `burns[0].severity: "info"`},
		{"no minimum", func(c *Config) { c.Burns[0].MinBad = 0 }, "burns[0].min_ratings, min_bad: 15, 0"},
		{"a negative wait", func(c *Config) { c.Burns[0].For = -1 }, "burns[0].for"},
		{"no alerts", func(c *Config) { c.Burns = nil }, "burns: none"},
		{"a silence of an unknown window", func(c *Config) { c.Silence.Window = "2h" }, `silence.window: "2h" is not`},
		{"a silence that expects nothing", func(c *Config) { c.Silence.Expected = 0 }, "silence.expected: 0"},
		{"leading windows the wrong way round", func(c *Config) { c.Leading.Short = "7d" }, `leading.short: "7d"`},
		{"leading without a minimum", func(c *Config) { c.Leading.MinRatings = 0 }, "leading.min_ratings"},
		{"no dimension", func(c *Config) { c.Dimensions = nil }, "dimensions: none"},
		{"a dimension that breaks out of its selector", func(c *Config) { c.Dimensions = []string{`x"}`} }, "dimensions[0]"},
		{"no values allowed", func(c *Config) { c.DimensionValues = 0 }, "dimension_values: 0"},
		{"a runbook address with a slash", func(c *Config) { c.RunbookBase = "https://example.org/" }, "runbook_base"},
		{"a dashboard address with a query", func(c *Config) { c.DashboardURL = "http://g/?a=b" }, "dashboard_url"},
		{"comparisons before they were", func(c *Config) { c.Verify = -time.Hour }, "verify: -1h0m0s"},
		{"no interval", func(c *Config) { c.Interval = 0 }, "interval: 0s"},
		{"a time scale that stretches", func(c *Config) { c.TimeScale = 0.5 }, "time scale: 0.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := DefaultConfig()
			c.change(&cfg)
			if _, err := Generate(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestThresholdsStayBelowOneForAnyTarget(t *testing.T) {
	for _, target := range []Target{{Satisfied, 0.999}, {Satisfied, 0.95}, {Satisfied, 0.5}, {HighlySatisfied, 0.1}, {Mean, 1.5}} {
		for _, b := range DefaultBurns() {
			budget := target.Budget()
			if got := b.Threshold(budget); got < budget-1e-6 || got >= 1 {
				t.Errorf("%s: threshold %v for a budget of %v, want from the budget to below 1", b.Alert, got, budget)
			}
		}
	}
}

func TestOtherWindowsNeedOtherBurns(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Windows = []window.Spec{{Name: "2h", Length: 2 * time.Hour, Slide: 5 * time.Minute}, {Name: "30d", Length: 30 * 24 * time.Hour, Slide: 24 * time.Hour}}
	cfg.Burns = []Burn{{Alert: "SatisfactionDrop", Severity: Page, Long: "30d", Short: "2h", OddsFactor: 2, MinRatings: 10, MinBad: 5, MinShort: 5}}
	cfg.Silence.Window, cfg.Leading.Long, cfg.Leading.Short = "2h", "30d", "2h"
	file, err := Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Alerts()[0]; !strings.Contains(got.Expr, `{window="30d"} > 0.095238`) || !strings.Contains(got.Annotations["summary"], "in the last 30 days") {
		t.Errorf("the alert does not speak of its windows: %+v", got)
	}
}
