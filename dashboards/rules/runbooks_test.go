package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const runbooks = "../runbooks"

func TestEveryAlertHasARunbookThatItsLinkNames(t *testing.T) {
	file, err := Build(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"SatisflowCustomerContactOverdue.md": true} // of a rule that Grafana evaluates
	for _, alert := range file.Alerts() {
		known[alert.Alert+".md"] = true
		content, err := os.ReadFile(filepath.Join(runbooks, strings.TrimPrefix(alert.Annotations["runbook_url"], DefaultConfig().RunbookBase)))
		if err != nil {
			t.Errorf("the link of %s leads nowhere: %v", alert.Alert, err)
			continue
		}
		for _, part := range []string{
			"# " + alert.Alert + "\n", "Severity: " + alert.Labels["severity"],
			"\n## What it means\n", "\n## Look at first\n", "\n## What to do\n", "\n## Who to tell\n", "\n## 中文",
		} {
			if !strings.Contains(string(content), part) {
				t.Errorf("the runbook of %s has no %q", alert.Alert, part)
			}
		}
	}
	pages, err := filepath.Glob(runbooks + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if !known[filepath.Base(page)] {
			t.Errorf("%s is of no alert", page)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)]+)\)`)

func TestLinksInRunbooksLeadToFiles(t *testing.T) {
	pages, err := filepath.Glob(runbooks + "/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no runbooks: %v", err)
	}
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(content), -1) {
			if _, err := os.Stat(filepath.Join(runbooks, found[1])); err != nil {
				t.Errorf("%s links %s: %v", page, found[1], err)
			}
		}
	}
}

var recorded = regexp.MustCompile(`satisflow:[a-z_]+:[a-z_]+`)

func TestRunbooksNameFiguresThatAreRecorded(t *testing.T) {
	rules, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(runbooks + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range recorded.FindAllString(string(content), -1) {
			if !strings.Contains(string(rules), "record: "+name+"\n") {
				t.Errorf("%s names %s, which no rule records", page, name)
			}
		}
	}
}
