package grafana

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"satisflow/pipeline/alert"
)

func TestEveryRuleOfGrafanaHasARunbookAndAQueryWithoutVariables(t *testing.T) {
	for _, r := range DefaultConfig().AlertRules() {
		if err := checkSQL(r.Query.RawSQL, nil); err != nil {
			t.Errorf("%s: %v", r.Title, err)
		}
		page := strings.TrimPrefix(r.Annotations["runbook_url"], DefaultConfig().Rules.RunbookBase)
		if _, err := os.Stat(filepath.Join("..", "runbooks", page)); err != nil {
			t.Errorf("%s: %v", r.Title, err)
		}
		if r.Annotations["summary"] == "" || r.Annotations["summary_zh"] == "" || r.Labels["app"] != "satisflow" {
			t.Errorf("%s: %v, %v", r.Title, r.Labels, r.Annotations)
		}
	}
}

func TestCriticalCustomersWhoWaitAreCounted(t *testing.T) {
	k := newKnown(t)
	want := 0.0
	for i := range k.alerts {
		if a := &k.alerts[i]; a.Subject.Dimension == alert.Customer && a.Severity == alert.Critical && a.ContactOverdue(k.now) {
			want++
		}
	}
	rule := DefaultConfig().contactOverdue()
	overdue := func(sql string) float64 {
		rows, _ := query(t, k.conn, sql)
		return rows[0]["overdue"].(float64)
	}
	if got := overdue(rule.Query.RawSQL); got != want || got <= rule.Above {
		t.Errorf("%v customers wait, want %v, more than %v", got, want, rule.Above)
	}
	for _, broken := range [][2]string{{" FINAL", ""}, {"severity = 'critical'", "1"}, {"state < 'contacted'", "1"}, {"dimension = 'customer'", "1"}, {"> contact_due", "< contact_due"}} {
		if got := overdue(strings.ReplaceAll(rule.Query.RawSQL, broken[0], broken[1])); got == want {
			t.Errorf("%q in place of %q is not noticed", broken[1], broken[0])
		}
	}
	if rows, _ := query(t, newEmpty(t), rule.Query.RawSQL); rows[0]["overdue"] != 0.0 {
		t.Errorf("of no alerts %v wait, want 0", rows[0])
	}
}
