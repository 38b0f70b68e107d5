package grafana

import (
	"regexp"
	"strings"
	"testing"
)

// momentsOf are the annotations of a dashboard that ClickHouse answers, falls first.
func momentsOf(t *testing.T, d Dashboard) []ClickHouseTarget {
	t.Helper()
	var all []ClickHouseTarget
	for _, a := range d.Annotations.List {
		if a.Target != nil {
			all = append(all, *a.Target)
		}
	}
	if len(all) != 2 {
		t.Fatalf("dashboard %s has %d annotations from ClickHouse, want 2", d.UID, len(all))
	}
	return all
}

// annotated are the boards in English with what their annotations must be; those of on-call know no choice of services.
func (k *known) annotated(t *testing.T) map[string][2]func(view) []row {
	t.Helper()
	without := func(oracle func(view) []row) func(view) []row {
		return func(v view) []row {
			v.values = nil
			return oracle(v)
		}
	}
	return map[string][2]func(view) []row{LeadershipUID: {k.falls, k.critical}, OnCallUID: {without(k.falls), without(k.critical)}}
}

func TestAnnotationsAreTheAlertsOfTheRange(t *testing.T) {
	k := newKnown(t)
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Dashboard{boards[0], boards[2]} {
		oracles, shown := k.annotated(t)[d.UID], [2]int{}
		for i, target := range momentsOf(t, d) {
			for name, v := range k.views() {
				rows, _ := query(t, k.conn, v.expandSQL(target.RawSQL))
				if err := sameRows(rows, oracles[i](v)); err != nil {
					t.Errorf("%s, annotation %d, %s: %v", d.UID, i, name, err)
				}
				shown[i] += len(rows)
			}
		}
		if shown[0] == 0 || shown[1] == 0 {
			t.Errorf("%s shows %v moments", d.UID, shown)
		}
	}
}

func TestAMutatedAnnotationIsFound(t *testing.T) {
	k := newKnown(t)
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		annotation int
		from, to   string
	}{
		{0, " FINAL", ""}, {1, " FINAL", ""}, {0, "rule = 'group_falling'", "1"}, {0, "resolved_at >= $__fromTime", "0"}, {0, "opened_at <= $__toTime", "0"},
		{0, "state < 'resolved', ", "1, "}, {0, "value IN (", "value NOT IN ("}, {0, "dimension = 'segment'", "0"}, {0, "'s/'", "'/'"},
		{1, "severity = 'critical'", "1"}, {1, "dimension = 'customer'", "1"}, {1, "$__timeFilter(opened_at)", "1"}, {1, "service IN (", "service NOT IN ("},
		{1, "encodeURLComponent", ""}, {1, "encodeXMLComponent", ""}, {1, "'a low mean', 'falling", "'falling', 'falling"},
	} {
		sql := momentsOf(t, boards[0])[m.annotation].RawSQL
		if !strings.Contains(sql, m.from) {
			t.Errorf("annotation %d has no %q", m.annotation, m.from)
			continue
		}
		found := false
		for _, v := range k.views() {
			rows, _, err := tryQuery(t, k.conn, v.expandSQL(strings.ReplaceAll(sql, m.from, m.to)))
			found = found || err != nil || sameRows(rows, k.annotated(t)[LeadershipUID][m.annotation](v)) != nil
		}
		if !found {
			t.Errorf("annotation %d: %q in place of %q is not noticed", m.annotation, m.to, m.from)
		}
	}
}

// What people wrote, about a rating or in the work on an alert, is on no dashboard.
func TestNoTextOfPeopleIsAskedFor(t *testing.T) {
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	asked := []string{boards[0].Templating.List[0].Definition}
	for _, d := range boards {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if target.Source() == clickhouse {
					asked = append(asked, target.Query())
				}
			}
		}
		for _, target := range momentsOf(t, d) {
			asked = append(asked, target.RawSQL)
		}
	}
	for _, r := range DefaultConfig().AlertRules() {
		asked = append(asked, r.Query.RawSQL)
	}
	// The columns that hold text, the other tables that do, and what asks for all columns.
	text := regexp.MustCompile(`\b(resolution|comment|enterprise_customer_satisfaction|customer_satisfaction_alert_entries|dead_letters)\b|SELECT \*`)
	for _, sql := range asked {
		if found := text.FindString(sql); found != "" {
			t.Errorf("%q in %s", found, sql)
		}
	}
}

func TestChineseAnnotationsAndThoseWithoutLinks(t *testing.T) {
	k := newKnown(t)
	cfg := DefaultConfig()
	cfg.Rules.RunbookBase = "https://example.com/elsewhere"
	boards, err := Dashboards(cfg)
	if err != nil {
		t.Fatal(err)
	}
	v := k.views()["all/672h0m0s"]
	for i, want := range []string{"服务 data_analysis：", "客户 c3：平均分低，2.39 (n = "} {
		rows, _ := query(t, k.conn, v.expandSQL(momentsOf(t, boards[1])[i].RawSQL))
		found := false
		for _, r := range rows {
			said := r["text"].(string)
			if strings.Contains(said, "href") {
				t.Errorf("a link to nowhere: %s", said)
			}
			found = found || strings.HasPrefix(said, want)
		}
		if !found {
			t.Errorf("annotation %d never begins with %s: %v", i, want, rows)
		}
	}
}
