package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"satisflow/dashboards/rules"
)

const runbooksFolder = "../../../dashboards/runbooks"

var (
	codeSpan    = regexp.MustCompile("`([^`\n]+)`")
	metricName  = regexp.MustCompile(`^satisflow(?:_[a-z]+)+`)
	configKey   = regexp.MustCompile(`^[a-z]+\.[a-z_]+(?:\.[a-z_]+)*$`)
	alertInText = regexp.MustCompile(`\b(?:Satisflow|Satisfaction|Quality)[A-Z][A-Za-z]+\b`)
)

// runbookSpans calls check for each piece of code in each runbook.
func runbookSpans(t *testing.T, check func(page, span string)) {
	t.Helper()
	pages, err := filepath.Glob(runbooksFolder + "/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no runbooks: %v", err)
	}
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeSpan.FindAllStringSubmatch(string(content), -1) {
			check(filepath.Base(page), m[1])
		}
	}
}

// Each command of a runbook is one, with flags that it has: it is asked for its help as it is written.
func TestCommandsInRunbooksExist(t *testing.T) {
	seen := map[string]bool{}
	runbookSpans(t, func(page, span string) {
		command, is := strings.CutPrefix(span, "satisflow ")
		if !is || seen[span] {
			return
		}
		seen[span] = true
		args := strings.Fields(strings.NewReplacer("OLD", "1", " N", " 2").Replace(command))
		code, out, messages := execute(t, nil, append(args, "--help")...)
		if code != exitDone || !strings.Contains(out, "satisflow "+args[0]) {
			t.Errorf("%s: `%s`: exit code %d: %s", page, span, code, messages)
		}
		if strings.Contains(out, "satisflow "+args[0]+" [command]\n") && len(args) == 1 {
			t.Errorf("%s: `%s` only holds commands", page, span)
		}
		if args[0] == "rebuild" && args[1] == "--epoch" && !strings.Contains(span, "--from") {
			t.Errorf("%s: `%s` says not from where", page, span)
		}
	})
	if len(seen) < 10 {
		t.Errorf("found %d commands only", len(seen))
	}
}

// Metrics, configuration keys and alerts that a runbook names exist.
func TestNamesInRunbooksExist(t *testing.T) {
	read := func(path string) string {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	metricsPage, configPage := read("../../../deploy/docs/reference/metrics.md"), read("../../../deploy/docs/reference/configuration.md")
	runbookSpans(t, func(page, span string) {
		if name := metricName.FindString(span); name != "" && !strings.Contains(metricsPage, "`"+name+"`") {
			t.Errorf("%s names the metric %s", page, name)
		}
		if _, isTable := strings.CutPrefix(span, "system."); configKey.MatchString(span) && !isTable && !strings.HasPrefix(span, "retention.") && !strings.Contains(configPage, "`"+span+"`") && !strings.Contains(configPage, "`"+span+".") {
			t.Errorf("%s names the configuration key %s", page, span)
		}
	})
	file, err := rules.Build(rules.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"SatisflowCustomerContactOverdue": true, "SatisflowCheckpointStale": true} // of Grafana
	for _, a := range file.Alerts() {
		known[a.Alert] = true
	}
	pages, err := filepath.Glob(runbooksFolder + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		for _, name := range alertInText.FindAllString(read(page), -1) {
			if !known[name] {
				t.Errorf("%s names the alert %s", filepath.Base(page), name)
			}
		}
	}
}

func TestAGroupOfCommandsWithoutOneIsAMistake(t *testing.T) {
	for _, group := range []string{"migrate", "dead-letters", "dashboards", "config", "bench"} {
		code, out, messages := execute(t, nil, group)
		if code != exitUsage || out != "" || !strings.Contains(messages, "satisflow "+group+": a command is missing: want one of ") {
			t.Errorf("%s: exit code %d, printed %q, said %q", group, code, out, messages)
		}
	}
}
