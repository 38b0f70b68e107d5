package grafana

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const grantsFile = "../../deploy/clickhouse/users.d/grafana.xml"

// textColumns may hold what people wrote or who they are, and no query of a dashboard needs them.
var textColumns = []string{"resolution", "rating_ids", "mailed_to", "refused_to"}

var (
	grant  = regexp.MustCompile(`<query>GRANT SELECT(?:\(([^)]*)\))? ON satisflow\.(\S+)</query>`)
	word   = regexp.MustCompile(`[a-z_]+`)
	asText = regexp.MustCompile(`'[^']*'`)
)

// everyQuery is all SQL that Grafana sends: of panels, annotations, variables and rules.
func everyQuery(t *testing.T) (all []string) {
	t.Helper()
	cfg := DefaultConfig()
	boards, err := Dashboards(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range boards {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if target.Source() == clickhouse {
					all = append(all, target.Query())
				}
			}
		}
		for _, a := range d.Annotations.List {
			if a.Target != nil {
				all = append(all, a.Target.RawSQL)
			}
		}
		for _, v := range d.Templating.List {
			if v.DataSource != nil && *v.DataSource == clickhouse {
				all = append(all, v.Definition)
			}
		}
	}
	for _, r := range cfg.AlertRules() {
		all = append(all, r.Query.RawSQL)
	}
	return all
}

// The user that Grafana reads with may read the tables that its queries name, the tables that their views read, and of the
// alerts the columns that are asked for: nobody can read what customers wrote, or dead letters, through Grafana.
func TestGrafanaMayReadWhatItsQueriesNameAndNoMore(t *testing.T) {
	conn := newEmpty(t)
	views := map[string]string{} // by the name of a table; empty for one that is no view
	tables, _ := query(t, conn, "SELECT name, if(engine = 'View', create_table_query, '') AS view FROM system.tables WHERE database = currentDatabase()")
	for _, r := range tables {
		views[r["name"].(string)] = r["view"].(string)
	}
	const alerts = "customer_satisfaction_alerts"
	used, columns := map[string]bool{}, map[string]bool{"id": true, "version": true} // what FINAL goes by
	var read func(sql string)
	read = func(sql string) {
		for _, name := range word.FindAllString(asText.ReplaceAllString(sql, ""), -1) {
			if view, is := views[name]; is && !used[name] {
				used[name] = true
				read(view)
			}
		}
	}
	described, _ := query(t, conn, "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '"+alerts+"'")
	for _, sql := range everyQuery(t) {
		read(sql)
		words := word.FindAllString(asText.ReplaceAllString(sql, ""), -1)
		if !slices.Contains(words, alerts) {
			continue
		}
		for _, r := range described {
			if name := r["name"].(string); slices.Contains(words, name) {
				columns[name] = true
			}
		}
	}
	content, err := os.ReadFile(grantsFile)
	if err != nil {
		t.Fatal(err)
	}
	granted, grantedColumns := map[string]bool{}, []string(nil)
	for _, m := range grant.FindAllStringSubmatch(string(content), -1) {
		granted[m[2]] = true
		if m[2] == alerts {
			grantedColumns = strings.Split(m[1], ", ")
		}
	}
	if got, want := slices.Sorted(maps.Keys(granted)), slices.Sorted(maps.Keys(used)); !slices.Equal(got, want) {
		t.Errorf("%s grants tables\n%q\nwant\n%q", grantsFile, got, want)
	}
	if want := slices.Sorted(maps.Keys(columns)); !slices.Equal(grantedColumns, want) {
		t.Errorf("%s grants of %s the columns\n%s\nwant\n%s", grantsFile, alerts, strings.Join(grantedColumns, ", "), strings.Join(want, ", "))
	}
	for _, name := range textColumns {
		if columns[name] {
			t.Errorf("a query reads %s of %s", name, alerts)
		}
	}
	if n := strings.Count(string(content), "GRANT "); n != len(granted) {
		t.Errorf("%s has %d grants, of which %d are understood", grantsFile, n, len(granted))
	}
}
