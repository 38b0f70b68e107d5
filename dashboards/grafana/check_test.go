package grafana

import (
	"regexp"
	"strings"
	"testing"
)

func TestOurDashboardsPassTheCheck(t *testing.T) {
	cfg := DefaultConfig()
	boards, err := Dashboards(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(cfg, boards); err != nil {
		t.Error(err)
	}
	files, err := Files(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".json") {
			if err := CheckFile(f); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(leadership, onCall *Dashboard)
	}{
		{"two panels have one id", "id 2", func(l, _ *Dashboard) { l.Panels[2].ID = 2 }},
		{"panels overlap", "overlaps panel", func(l, _ *Dashboard) { l.Panels[2].GridPos.X-- }},
		{"a panel leaves the grid", "leaves the grid", func(l, _ *Dashboard) { l.Panels[2].GridPos.X++ }},
		{"a panel has no title", "title and description", func(l, _ *Dashboard) { l.Panels[1].Title = "" }},
		{"a panel has no description", "title and description", func(l, _ *Dashboard) { l.Panels[1].Description = "" }},
		{"a panel has no unit", "unit: missing", func(l, _ *Dashboard) { l.Panels[1].FieldConfig.Defaults.Unit = "" }},
		{"a panel has no query", "targets: none", func(l, _ *Dashboard) { l.Panels[1].Targets = nil }},
		{"a share has no thresholds", "without thresholds", func(l, _ *Dashboard) { l.Panels[1].FieldConfig.Defaults.Thresholds = nil }},
		{"a share has no n", "without n", func(l, _ *Dashboard) { dropField(&l.Panels[1], "n") }},
		{"a share has no interval", "without its interval", func(l, _ *Dashboard) { dropField(&l.Panels[1], "low") }},
		{"a mean has no n", "without n", func(l, _ *Dashboard) {
			p := panelOf(t, *l, "Mean accuracy")
			dropField(p, "count_accuracy")
			dropField(p, "count_completeness")
		}},
		{"two dashboards have one uid", "there are two", func(l, o *Dashboard) { o.UID = l.UID }},
		{"a data source is unknown", "data source", func(_, o *Dashboard) { spoilProm(o, func(p *PrometheusTarget) { p.DataSource.UID = "other" }) }},
		{"PromQL does not parse", "parse error", func(_, o *Dashboard) { spoilProm(o, func(p *PrometheusTarget) { p.Expr += ")" }) }},
		{"a metric is unknown", "nobody exposes", func(_, o *Dashboard) { spoilProm(o, func(p *PrometheusTarget) { p.Expr = "satisflow_windows_rating" }) }},
		{"a variable of PromQL is unknown", "has none of that name", func(_, o *Dashboard) {
			spoilProm(o, func(p *PrometheusTarget) { p.Expr = `ALERTS{severity="$severity"}` })
		}},
		{"two targets have one refId", "refId", func(_, o *Dashboard) {
			p := panelOf(t, *o, "Records read")
			p.Targets[1] = p.Targets[0]
		}},
		{"a macro is unknown", "macro $__timeFilters", func(l, _ *Dashboard) { spoilSQL(l, "$__timeFilter(", "$__timeFilters(") }},
		{"a variable of SQL is unknown", "has none of that name", func(l, _ *Dashboard) { spoilSQL(l, "${service:", "${services:") }},
		{"a variable of SQL is not escaped", "right for every name", func(l, _ *Dashboard) { spoilSQL(l, ":queryparam", "") }},
		{"a variable of SQL is escaped for names without a backslash", "right for every name", func(l, _ *Dashboard) { spoilSQL(l, ":queryparam", ":singlequote") }},
		{"a bare variable of SQL", "may stand unescaped", func(l, _ *Dashboard) { spoilSQL(l, ", $service)", ", 1) OR value = $service") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			boards, err := Dashboards(DefaultConfig())
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(&boards[0], &boards[2])
			if err := Check(DefaultConfig(), boards); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func dropField(p *Panel, name string) {
	for i, o := range p.FieldConfig.Overrides {
		if o.Matcher.Options == name {
			p.FieldConfig.Overrides = append(p.FieldConfig.Overrides[:i:i], p.FieldConfig.Overrides[i+1:]...)
			return
		}
	}
}

func spoilProm(d *Dashboard, spoil func(*PrometheusTarget)) {
	target := d.Panels[1].Targets[0].(PrometheusTarget)
	spoil(&target)
	d.Panels[1].Targets = []Target{target}
}

func spoilSQL(d *Dashboard, from, to string) {
	target := d.Panels[1].Targets[0].(ClickHouseTarget)
	target.RawSQL = strings.Replace(target.RawSQL, from, to, 1)
	d.Panels[1].Targets = []Target{target}
}

func TestRunbooksAreLinkedWhereTheyHaveAnAddress(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Rules.RunbookBase = "https://example.com/runbooks"
	files, err := Files(cfg)
	if err != nil {
		t.Fatal(err)
	}
	onCall := string(files[2].Content)
	for _, want := range []string{`https://example.com/runbooks/${__value.raw}.md`, `https://example.com/runbooks/SatisfactionSharpDrop.md`, `https://example.com/runbooks/SatisflowDeadLetters.md`} {
		if !strings.Contains(onCall, want) {
			t.Errorf("no link to %s", want)
		}
	}
}

func TestABadConfigurationIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		"milestones[0]: 1.5": func(c *Config) { c.Milestones = []float64{1.5} },
		"target.on":          func(c *Config) { c.Rules.Target.On, c.Rules.Target.Value = "mean", 4.5 },
		"runbook_base":       func(c *Config) { c.Rules.RunbookBase = "" },
	} {
		cfg := DefaultConfig()
		spoil(&cfg)
		if _, err := Dashboards(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

var aggregated = regexp.MustCompile(`^(?:sum|max|count) by \(([a-z, ]+)\)`)

func TestTargetsThatAreJoinedHaveTheSameLabels(t *testing.T) {
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	joined := 0
	for _, p := range boards[2].Panels {
		if len(p.Transforms) == 0 || p.Transforms[0].ID != "merge" {
			continue
		}
		want := aggregated.FindStringSubmatch(p.Targets[0].Query())
		for _, target := range p.Targets {
			joined++
			if got := aggregated.FindStringSubmatch(target.Query()); got == nil || got[1] != want[1] {
				t.Errorf("panel %q %s: want an aggregate by (%s) first: %s", p.Title, target.Ref(), want[1], target.Query())
			}
		}
	}
	if joined == 0 {
		t.Error("nothing is joined")
	}
}
