package grafana

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// oracles are what each panel of the leadership dashboard must show, by its id.
func (k *known) oracles(boards Dashboard) map[int]func(view) []row {
	byTitle := map[string]func(view) []row{
		"Share of satisfied customers' ratings, and what it says about the target": k.headline,
		"Error budget that is left":           k.budget,
		"Responses and their mean rating":     k.volume,
		"Up to when the figures are complete": k.freshness,
		"Share of satisfied ratings in the rolling window, against target and milestones": k.trend,
		"Ratings by stars":          k.mix,
		"Ratings by band":           k.bands,
		"Ratings per day, by stars": k.starsOverTime,
		"By service":                k.breakdown(func(g given) string { return g.service }, true),
		"By product: the 50 with most ratings below the target": k.breakdown(func(g given) string { return g.product }, false),
		"By channel":          k.breakdown(func(g given) string { return g.channel }, false),
		"By customer segment": k.breakdown(func(g given) string { return g.segment }, false),
		"Customers who need attention now: the 50 most urgent": k.watchList,
		"Alerts that somebody has still to work on":            k.alertLevels,
		"Alerts on customers, by week":                         k.alertWeeks,
		"Quality by service":                                   k.quality,
		"Mean response time per day":                           k.responseTrend,
		"Mean accuracy and completeness per day":               k.sharesTrend,
	}
	byID := map[int]func(view) []row{}
	for _, p := range boards.Panels {
		if o := byTitle[p.Title]; o != nil {
			byID[p.ID] = o
		}
	}
	return byID
}

func leadershipBoards(t *testing.T) (en, zh Dashboard) {
	t.Helper()
	boards, err := Dashboards(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return boards[0], boards[1]
}

// views are All, one value and a value with a quote, over an hour and 28 days.
func (k *known) views() map[string]view {
	all := map[string]view{}
	for _, span := range []time.Duration{time.Hour, 28 * 24 * time.Hour} {
		for name, services := range map[string][]string{"all": nil, "one": {"data_analysis"}, "quoted": {quoted}} {
			values := map[string][]string{"window": {"24h"}}
			if services != nil {
				values["service"] = services
			}
			all[fmt.Sprint(name, "/", span)] = view{from: k.now.Add(-span), to: k.now, values: values, all: map[string][]string{"service": k.services}}
		}
	}
	return all
}

func (v view) stepOf(p *Panel) view {
	v.interval = time.Minute
	if p.Interval == "1d" {
		v.interval = 24 * time.Hour
	}
	return v
}

func TestEveryPanelOfLeadershipShowsWhatTheOracleSays(t *testing.T) {
	k := newKnown(t)
	en, zh := leadershipBoards(t)
	oracles := k.oracles(en)
	for i, p := range en.Panels {
		if p.Type == "row" {
			continue
		}
		if p.Targets[0].Query() != zh.Panels[i].Targets[0].Query() {
			t.Errorf("panel %q asks otherwise in Chinese", p.Title)
		}
		if oracles[p.ID] == nil {
			t.Errorf("panel %q has no oracle", p.Title)
			continue
		}
		shown := 0
		for name, v := range k.views() {
			v = v.stepOf(&p)
			rows, columns := query(t, k.conn, v.expandSQL(p.Targets[0].Query()))
			if err := sameRows(rows, oracles[p.ID](v)); err != nil {
				t.Errorf("panel %q, %s: %v", p.Title, name, err)
			}
			if err := sameColumns(&p, columns); err != nil && len(rows) > 0 { // over HTTP no rows have no columns
				t.Errorf("panel %q: %v", p.Title, err)
			}
			shown += len(rows)
		}
		if shown == 0 {
			t.Errorf("panel %q shows nothing in any view", p.Title)
		}
	}
}

func TestTheRangeOf28DaysIsTheCurrentWindow(t *testing.T) {
	k := newKnown(t)
	summary, _ := query(t, k.conn, "SELECT ratings, satisfied FROM customer_satisfaction_summary WHERE epoch = 1 AND dimension = 'overall' AND `window` = '28d'")
	en, _ := leadershipBoards(t)
	k.now = time.Now().UTC() // that of the view
	v := k.views()["all/672h0m0s"]
	rows, _ := query(t, k.conn, v.expandSQL(panelOf(t, en, "Share of satisfied").Targets[0].Query()))
	if rows[0]["n"] != summary[0]["ratings"] || rows[0]["share"] != summary[0]["satisfied"].(float64)/summary[0]["ratings"].(float64) {
		t.Errorf("dashboard shows %v, the current window is %v", rows[0], summary[0])
	}
}

func TestTheVariableOfServicesHasThoseOfTheRange(t *testing.T) {
	k := newKnown(t)
	en, _ := leadershipBoards(t)
	v := k.views()["all/672h0m0s"]
	rows, _ := query(t, k.conn, v.expandSQL(en.Templating.List[0].Definition))
	var got []string
	for _, r := range rows {
		got = append(got, r["value"].(string))
	}
	if !slices.Equal(got, k.services) {
		t.Errorf("got %q, want %q", got, k.services)
	}
}

func TestAnEmptyDatabaseIsNoDataAndNoError(t *testing.T) {
	k := &known{now: time.Now().UTC()}
	k.conn = newEmpty(t)
	en, _ := leadershipBoards(t)
	for _, p := range en.Panels {
		if p.Type == "row" {
			continue
		}
		rows, _ := query(t, k.conn, k.views()["all/1h0m0s"].stepOf(&p).expandSQL(p.Targets[0].Query()))
		for _, r := range rows {
			for _, name := range []string{"share", "low", "mean", "budget_left", "fresh"} {
				if v, ok := r[name]; ok && v != nil {
					t.Errorf("panel %q: %s is %v, want NULL", p.Title, name, v)
				}
			}
			if v, ok := r["verdict"]; ok && v != "no_data" {
				t.Errorf("panel %q: verdict %v, want no_data", p.Title, v)
			}
		}
	}
}

// mutations break a query in ways that must show; each is made wherever its text stands.
var mutations = [][2]string{
	{"sum(satisfied)", "sum(highly_satisfied)"}, {"sum(ratings)", "sum(ratings + unscored)"}, {" FINAL", ""},
	{"epoch = (SELECT epoch FROM pipeline_current_epoch)", "1"}, {"dimension = 'service'", "dimension IN ('service', 'staff', 'overall')"},
	{"1.959963984540054", "1.645"}, {"1.645", "15"}, {"< 0.95", "< 0.85"}, {"AND complete", ""}, {"min(", "max("},
	{"value IN (", "value NOT IN ("}, {"pane >= $__fromTime)", "pane > $__toTime)"}, {"_sum) / (", "_sum) / (2 * "}, {"sum(stars_4)", "sum(stars_3)"},
	{"sum(dissatisfied)", "sum(highly_satisfied)"}, {"accuracy_sum / (1000000 * accuracy_n)", "accuracy_sum / (1000000 * response_time_n)"}, {"hundredths / (100 * n)", "hundredths / (100 * responses)"},
	{"state < 'resolved'", "1"}, {"dimension = 'customer'", "1"}, {"(state = 'open')", "(state != 'open')"}, {"countIf(state = 'open')", "count()"}, {"exp2(", "("},
	{"* weight *", "*"}, {"late_contact OR late_resolve", "late_resolve"}, {"score DESC", "score"}, {"-urgency", "urgency"}, {"max(level)", "min(level)"},
	{"service IN (", "service NOT IN ("}, {"service, value) IN (", "service, value) NOT IN ("}, {"moment > contact_due", "moment < contact_due"}, {"least(contact_due, resolve_due)", "resolve_due"},
	{"toMonday", "toStartOfMonth"}, {"Inclusive", ""}, {"opened_at, contacted_at)", "resolved_at, contacted_at)"}, {"until <= contact_due", "1"}, {"until > contact_due", "1"},
	{"spoken, contacted_at,", "0, contacted_at,"}, {"resolved_by = 'satisflow'", "1"}, {"dimension != 'customer'", "1"}, {"dimension != 'segment'", "1"}, {"ORDER BY week DESC", "ORDER BY week"},
	{"worker != ''", "1"}, {"figure_before", "threshold / 2"}, {"figure, ratings", "weight, ratings"},
}

func TestAMutatedQueryIsFound(t *testing.T) {
	k := newKnown(t)
	en, _ := leadershipBoards(t)
	oracles := k.oracles(en)
	used, mutated := map[[2]string]bool{}, 0
	for _, p := range en.Panels {
		for _, m := range mutations {
			if p.Type == "row" || !strings.Contains(p.Targets[0].Query(), m[0]) || p.Title == "Up to when the figures are complete" && m[0] == " FINAL" {
				continue // of the checkpoints there is one version only
			}
			used[m] = true
			mutated++
			if !k.finds(t, &p, strings.ReplaceAll(p.Targets[0].Query(), m[0], m[1]), oracles[p.ID]) {
				t.Errorf("panel %q: %q in place of %q is not noticed", p.Title, m[1], m[0])
			}
		}
	}
	if len(used) != len(mutations) {
		t.Errorf("%d of %d mutations were made", len(used), len(mutations))
	}
	t.Logf("%d mutated queries", mutated)
}

// finds says whether a query fails or differs from the oracle in any view.
func (k *known) finds(t *testing.T, p *Panel, sql string, oracle func(view) []row) bool {
	for _, v := range k.views() {
		v = v.stepOf(p)
		rows, _, err := tryQuery(t, k.conn, v.expandSQL(sql))
		if err != nil || sameRows(rows, oracle(v)) != nil {
			return true
		}
	}
	return false
}

func panelOf(t *testing.T, d Dashboard, title string) *Panel {
	t.Helper()
	for i := range d.Panels {
		if strings.HasPrefix(d.Panels[i].Title, title) {
			return &d.Panels[i]
		}
	}
	t.Fatalf("no panel %q", title)
	return nil
}

// sameColumns holds the columns of the answer against those whose look the panel sets.
func sameColumns(p *Panel, columns []string) error {
	var shown []string
	for _, o := range p.FieldConfig.Overrides {
		shown = append(shown, o.Matcher.Options)
	}
	got := slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == "time" })
	slices.Sort(shown)
	slices.Sort(got)
	if !slices.Equal(got, shown) {
		return fmt.Errorf("the query gives %q, the panel shows %q", got, shown)
	}
	return nil
}

func sameRows(got, want []row) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d rows, want %d\n%v\n%v", len(got), len(want), got, want)
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			return fmt.Errorf("row %d: got %v, want %v", i, got[i], want[i])
		}
		for name, w := range want[i] {
			if !sameValue(got[i][name], w) {
				return fmt.Errorf("row %d: %s is %v, want %v", i, name, got[i][name], w)
			}
		}
	}
	return nil
}

func sameValue(got, want any) bool {
	g, ok := got.(float64)
	w, also := want.(float64)
	if ok && also {
		return math.Abs(g-w) <= 1e-9*max(1, math.Abs(w))
	}
	return got == want
}

func TestTheAgeOfTheOldestCheckpointIsAsked(t *testing.T) {
	k := newKnown(t)
	rule := DefaultConfig().staleCheckpoint()
	if err := checkSQL(rule.Query.RawSQL, nil); err != nil {
		t.Error(err)
	}
	if rows, _ := query(t, k.conn, rule.Query.RawSQL); rows[0]["age"].(float64) > 30 {
		t.Errorf("fresh checkpoints are %v old", rows[0])
	}
	if err := k.conn.Exec(t.Context(), "INSERT INTO pipeline_checkpoints (epoch, partition, version, updated_at) SELECT 1, 1, version + 1, now64(3, 'UTC') - 1000 FROM pipeline_checkpoints FINAL WHERE epoch = 1 AND partition = 1"); err != nil {
		t.Fatal(err)
	}
	if rows, _ := query(t, k.conn, rule.Query.RawSQL); rows[0]["age"].(float64) < 1000 || rows[0]["age"].(float64) < rule.Above {
		t.Errorf("the older one is %v old, want 1000", rows[0])
	}
	if rows, _ := query(t, newEmpty(t), rule.Query.RawSQL); rows[0]["age"] != 0.0 {
		t.Errorf("nothing is %v old, want 0", rows[0])
	}
}
