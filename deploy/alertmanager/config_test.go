package alertmanager

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"satisflow/dashboards/rules"
	"satisflow/deploy/testkit"
)

const (
	config = "alertmanager.yml"
	hint   = "apt-get install prometheus-alertmanager"
)

func TestAmtoolAcceptsTheConfigurationAndTheExamples(t *testing.T) {
	amtool := testkit.Require(t, "amtool", hint)
	files, err := filepath.Glob("examples/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range append(files, config) {
		if out, err := exec.Command(amtool, "check-config", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}

func TestEveryAlertReachesTheReceiverOfItsSeverity(t *testing.T) {
	amtool := testkit.Require(t, "amtool", hint)
	for _, alert := range alerts(t) {
		want := map[string]string{"page": "pager", "ticket": "tickets", "info": "nobody"}[alert.Labels["severity"]]
		labels := []string{"alertname=" + alert.Alert}
		for name, value := range alert.Labels {
			labels = append(labels, name+"="+value)
		}
		out, err := exec.Command(amtool, append([]string{"config", "routes", "test", "--config.file=" + config}, labels...)...).Output() // amtool warns of its own settings on stderr
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%v goes to %q, want %q (%v)", labels, got, want, err)
		}
	}
}

func TestAlertsOnCustomersReachThoseWhoLookAfterThem(t *testing.T) {
	amtool := testkit.Require(t, "amtool", hint)
	for _, class := range []string{"customer", "group"} {
		out, err := exec.Command(amtool, "config", "routes", "test", "--config.file="+config, "class="+class, "severity=ticket", "level=major", "service=legal_consulting").Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != "account-managers" {
			t.Errorf("class %s goes to %q (%v)", class, got, err)
		}
	}
}

func TestTheTemplatesShowBothLanguagesAndTheLinks(t *testing.T) {
	amtool := testkit.Require(t, "amtool", hint)
	data := write(t, map[string]any{
		"status": "firing", "commonLabels": map[string]string{"severity": "page", "class": "target"},
		"alerts": []any{map[string]any{
			"status": "firing", "labels": map[string]string{"severity": "page"}, "startsAt": "2026-03-01T02:03:04Z",
			"annotations": map[string]string{
				"summary": "Half are bad.", "summary_zh": "一半不满意。", "description": "Look.", "description_zh": "请看。",
				"runbook_url": "http://gateway/runbooks/X.md", "dashboard_url": "http://dashboard/",
			},
		}},
	})
	show(t, amtool, data, map[string][]string{
		"satisflow.subject": {"[PAGE 紧急] Half are bad."},
		"satisflow.text":    {"Half are bad.", "一半不满意。", "Look.", "请看。", "http://gateway/runbooks/X.md", "http://dashboard/", "2026-03-01 02:03 UTC"},
		"satisflow.html":    {"Half are bad.", "一半不满意。", `href="http://gateway/runbooks/X.md"`, `href="http://dashboard/"`, "#c62828"},
		"satisflow.wecom":   {"一半不满意。", "http://gateway/runbooks/X.md"},
	})
}

func TestTheTemplatesShowTheLinkOfACustomer(t *testing.T) {
	amtool := testkit.Require(t, "amtool", hint)
	data := write(t, map[string]any{
		"status": "firing", "commonLabels": map[string]string{"severity": "ticket", "class": "customer"},
		"alerts": []any{map[string]any{
			"status": "firing", "labels": map[string]string{"severity": "ticket"}, "startsAt": "2026-03-01T02:03:04Z",
			"annotations": map[string]string{"summary": "C-1 rated 2.", "summary_zh": "C-1 评分 2。", "link": "http://gateway/customers/C-1"},
		}},
	})
	for _, out := range show(t, amtool, data, map[string][]string{
		"satisflow.subject": {"[Ticket 工单] C-1 rated 2."},
		"satisflow.text":    {"C-1 rated 2.", "C-1 评分 2。", "http://gateway/customers/C-1"},
		"satisflow.html":    {`href="http://gateway/customers/C-1"`},
		"satisflow.wecom":   {"C-1 评分 2。", "http://gateway/customers/C-1"},
	}) {
		if strings.Contains(out, "What to do") || strings.Contains(out, "Dashboard") || strings.Contains(out, "处理手册") {
			t.Errorf("a link that there is not is promised:\n%s", out)
		}
	}
}

// show renders the templates, wants the texts in each, and returns what they show.
func show(t *testing.T, amtool, data string, templates map[string][]string) (shown []string) {
	t.Helper()
	for template, want := range templates {
		out, err := exec.Command(amtool, "template", "render", "--template.glob=templates/*.tmpl",
			"--template.data="+data, `--template.text={{ template "`+template+`" . }}`).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", template, err, out)
		}
		for _, text := range want {
			if !strings.Contains(string(out), text) {
				t.Errorf("%s shows no %q:\n%s", template, text, out)
			}
		}
		shown = append(shown, string(out))
	}
	return shown
}

// alerts are those that the default rules can raise.
func alerts(t *testing.T) []rules.Rule {
	t.Helper()
	file, err := rules.Build(rules.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return file.Alerts()
}

func write(t *testing.T, data any) string {
	t.Helper()
	content, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
