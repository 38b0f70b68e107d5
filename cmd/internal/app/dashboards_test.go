package app

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"satisflow/dashboards/rules"
)

func TestTheRulesOfTheDefaultConfigurationAreTheCommittedOnes(t *testing.T) {
	want, err := os.ReadFile(filepath.Join(root, "dashboards", "rules", "satisflow.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	code, out, messages := execute(t, nil, "dashboards", "rules")
	if code != exitDone || out != string(want) || messages != "" {
		t.Errorf("exit code %d, %s: not what is committed", code, messages)
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	if code, out, messages := execute(t, nil, "dashboards", "rules", "--output", path); code != exitDone || out != "" {
		t.Errorf("exit code %d: %s%s", code, out, messages)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
		t.Errorf("the file is another one than what is printed: %v", err)
	}
}

func TestTheRulesFollowTheConfiguration(t *testing.T) {
	code, out, messages := execute(t, []string{"SATISFLOW_TARGET_SHARE=0.9"}, "dashboards", "rules", "--bands.satisfied", "3.5",
		"--dimensions", "overall,service,channel", "--runbook-base", "https://example.org/runbooks", "--time-scale", "60")
	var file rules.File
	if err := yaml.Unmarshal([]byte(out), &file); code != exitDone || err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, messages)
	}
	drop := file.Alerts()[0]
	for where, has := range map[string]bool{
		"target and band in the summary": strings.Contains(drop.Annotations["summary"], "were below 3.5") && strings.Contains(drop.Annotations["summary"], "the target of 90 % allows 10 %"),
		"the link of the runbook":        drop.Annotations["runbook_url"] == "https://example.org/runbooks/SatisfactionSharpDrop.md",
		"for, a sixtieth":                drop.For == "5s",
		"the dimensions":                 strings.Contains(out, `satisflow_window_ratings{dimension=~"overall|service|channel"}`),
	} {
		if !has {
			t.Errorf("%s: %+v", where, drop)
		}
	}
}

func TestComparisonsAreMissedWhereTheyAreOn(t *testing.T) {
	for interval, want := range map[string]string{"2h": "satisflow_verify_timestamp_seconds[6h]", "0s": ""} {
		code, out, messages := execute(t, nil, "dashboards", "rules", "--verify.interval", interval)
		if code != exitDone || !strings.Contains(out, want) || strings.Contains(out, "SatisflowVerifyStopped") != (want != "") {
			t.Errorf("every %s: exit code %d: %s", interval, code, messages)
		}
	}
}

func TestTheRulesAndDashboardsOfOtherWindows(t *testing.T) {
	windows := []string{"--windows.list", "2h/5m,2d/1h,30d/1d"}
	code, out, messages := execute(t, nil, append([]string{"dashboards", "rules"}, windows...)...)
	var file rules.File
	if err := yaml.Unmarshal([]byte(out), &file); code != exitDone || err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, messages)
	}
	if drop := file.Alerts()[0]; drop.Alert != "SatisfactionSharpDrop" || !strings.Contains(drop.Annotations["summary"], "ratings in the last 2 hours were below 4") {
		t.Errorf("the sharpest alert is %+v", drop)
	}
	if code, out, messages := execute(t, nil, append([]string{"dashboards", "check"}, windows...)...); code != exitDone {
		t.Errorf("exit code %d\n%s%s", code, out, messages)
	}
}

func TestRightDashboardsPassTheCheck(t *testing.T) {
	code, out, messages := execute(t, nil, "dashboards", "check", "--repository", root)
	if code != exitDone || !strings.Contains(out, "4 dashboards with ") {
		t.Errorf("exit code %d\n%s%s", code, out, messages)
	}
	code, out, _ = execute(t, nil, "dashboards", "check", "--repository", root, "--target.share", "0.9")
	if code != exitFailed || !strings.Contains(out, "satisflow-oncall.json: is not what the configuration makes") {
		t.Errorf("another target than the files': exit code %d\n%s", code, out)
	}
}

func TestAWrongCommandLineOfDashboardsIsExplained(t *testing.T) {
	token := "SATISFLOW_GRAFANA_TOKEN=secret-token"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		environ []string
		args    []string
		want    string
	}{
		{"a dimension that is not shown", nil, []string{"rules", "--dimensions", "product"}, "--dimensions product: processors do not show it: want some of overall, "},
		{"a time that is stretched", nil, []string{"rules", "--time-scale", "0.1"}, "time scale: 0.1: want 1 to 1000"},
		{"pages that are nowhere", nil, []string{"check", "--link-base", "gateway:8080"}, `link: "gateway:8080": want the address of a gateway`},
		{"no token", nil, []string{"apply"}, "no token: set SATISFLOW_GRAFANA_TOKEN or --token-file"},
		{"a token twice", []string{token}, []string{"apply", "--token-file", file}, "--token-file and SATISFLOW_GRAFANA_TOKEN are both set"},
		{"an empty file", nil, []string{"apply", "--token-file", file}, "token is empty"},
		{"no address", []string{token}, []string{"apply", "--grafana", "grafana:3000"}, `url: "grafana:3000": want the address of Grafana`},
		{"a password in an address", []string{token}, []string{"apply", "--clickhouse-source", "http://u:hidden@h:8123/d"}, "without a password"},
		{"a notification to nowhere", []string{token}, []string{"apply", "--notify", "email"}, "--notify email: want TYPE=ADDRESS"},
		{"a notification of no kind", []string{token}, []string{"apply", "--notify", "fax=1"}, `notify: "fax" to "1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, messages := execute(t, c.environ, append([]string{"dashboards"}, c.args...)...)
			if code != exitUsage || out != "" || !strings.Contains(messages, c.want) || strings.Contains(messages, "hidden") || strings.Contains(messages, "secret-token") {
				t.Errorf("exit code %d\n%s%s\nwant %s", code, out, messages, c.want)
			}
		})
	}
}

// emptyGrafana has nothing but a version, and refuses other tokens.
func emptyGrafana(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/api/health":
			_, _ = w.Write([]byte(`{"version":"12.0.0"}`))
		case r.Header.Get("Authorization") != "Bearer right":
			http.Error(w, `{"message":"Invalid API key"}`, http.StatusUnauthorized)
		case r.Method == http.MethodGet:
			http.Error(w, `{"message":"not found"}`, http.StatusNotFound)
		default:
			t.Errorf("a dry run sends %s %s", r.Method, r.URL)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestADryRunShowsThePlan(t *testing.T) {
	url := emptyGrafana(t)
	code, out, messages := execute(t, []string{"SATISFLOW_GRAFANA_TOKEN=right"}, "dashboards", "apply", "--grafana", url, "--dry-run")
	if code != exitDone || !strings.Contains(out, "create    folder satisflow") || !strings.HasSuffix(out, "9 of 9 would be changed: leave out --dry-run to do it\n") {
		t.Errorf("exit code %d\n%s%s", code, out, messages)
	}
	code, _, messages = execute(t, []string{"SATISFLOW_GRAFANA_TOKEN=wrong"}, "dashboards", "apply", "--grafana", url, "--dry-run")
	if code != exitFailed || !strings.Contains(messages, "401") || !strings.Contains(messages, "service account") || strings.Contains(messages, "wrong") {
		t.Errorf("exit code %d\n%s", code, messages)
	}
	code, _, messages = execute(t, []string{"SATISFLOW_GRAFANA_TOKEN=right"}, "dashboards", "apply", "--grafana", "http://127.0.0.1:1")
	if code != exitUnavailable || !strings.Contains(messages, "is Grafana running there") {
		t.Errorf("exit code %d\n%s", code, messages)
	}
}
