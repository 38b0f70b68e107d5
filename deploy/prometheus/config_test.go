// Package prometheus tests the configuration of Prometheus, and a page on its whole way: gauges, rules, Alertmanager,
// receiver.
package prometheus

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"satisflow/dashboards/rules"
	"satisflow/deploy/testkit"
)

func TestPromtoolAcceptsTheConfiguration(t *testing.T) {
	promtool := testkit.Require(t, "promtool", "apt-get install prometheus")
	dir := t.TempDir()
	copyTo(t, "prometheus.yml", filepath.Join(dir, "prometheus.yml"))
	copyTo(t, "../../dashboards/rules/satisflow.rules.yml", filepath.Join(dir, "rules", "satisflow.rules.yml"))
	out, err := exec.Command(promtool, "check", "config", filepath.Join(dir, "prometheus.yml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1 rule files found") {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

func TestTheJobsThatAlertsAskForAreScraped(t *testing.T) {
	content, err := os.ReadFile("prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Jobs []struct {
			Name string `yaml:"job_name"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	scraped := map[string]bool{}
	for _, job := range config.Jobs {
		scraped[job.Name] = true
	}
	for _, job := range []string{rules.Processor, rules.Gateway} {
		if !scraped[job] {
			t.Errorf("prometheus.yml has no job %s", job)
		}
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
