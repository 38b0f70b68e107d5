package clickhouse

import (
	"slices"
	"testing"
)

func TestSplitFindsTheStatementsOfAScript(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         []string
	}{
		{"nothing", " \n; ;", nil},
		{"one without a semicolon", "SELECT 1", []string{"SELECT 1"}},
		{"two", "SELECT 1;\nSELECT 2;\n", []string{"SELECT 1", "SELECT 2"}},
		{"semicolons in quotes", "SELECT ';', \";\", `;`; SELECT 2", []string{"SELECT ';', \";\", `;`", "SELECT 2"}},
		{"escaped and doubled quotes", `SELECT 'a\';b', 'a'';b'; SELECT 2`, []string{`SELECT 'a\';b', 'a'';b'`, "SELECT 2"}},
		{"comments hold no separator and are no statement", "-- a; b\nSELECT 1 /* ; ' */ + 1; # it's; done\n-- end;", []string{"-- a; b\nSELECT 1 /* ; ' */ + 1"}},
		{"quotes in comments begin nothing", "-- it's\nSELECT 1;\n/* don't */ SELECT 2", []string{"-- it's\nSELECT 1", "/* don't */ SELECT 2"}},
		{"heredocs", "SELECT $x$ ; ' $x$, $$;$$; SELECT 2", []string{"SELECT $x$ ; ' $x$, $$;$$", "SELECT 2"}},
		{"a lone dollar sign", "SELECT a$b; SELECT 2", []string{"SELECT a$b", "SELECT 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := split(c.script); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
	for _, script := range []string{"SELECT 'a;", "SELECT 1 /* ;", "SELECT $x$ ;", "SELECT `a"} {
		if got, err := split(script); err == nil {
			t.Errorf("split(%q) gave %q, want an error", script, got)
		}
	}
}
