package acceptance

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"satisflow/deploy/testkit"
)

var update = flag.Bool("update", false, "write the generated pages anew")

const metricsPage = "../../../../deploy/docs/reference/metrics.md"

// family is a metric as /metrics shows it.
type family struct {
	name, kind, help string
	labels           []string
}

func TestTheMetricsPageTellsWhatASatisflowShows(t *testing.T) {
	s := startDev(t, "--target.standards", "legal_consulting:response_time_ms=2000",
		"--alertmanager.urls", "http://127.0.0.1:9", "--mail.host", "localhost:9", "--mail.tls", "none", "--mail.from", "satisflow@example.com")
	if status, answer := s.post(api+"/record", `{"customer_id":"C-1","service":"legal_consulting","rating":4,"quality":{"accuracy":0.9}}`); status >= 300 {
		t.Fatalf("%d %v", status, answer)
	}
	s.eventually(api+"/analytics?window=28d", func(a map[string]any) bool { return at(a, "overall", "responses") == 1.0 })
	waitFor(t, "the gauge of the quality", func() bool { return scrape(t, s.url, "satisflow_window_quality_ratings") > 0 })
	resp, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command(testkit.Require(t, "promtool", "apt-get install prometheus"), "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	page := metricsMarkdown(families(string(text)))
	if *update {
		if err := os.WriteFile(metricsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(metricsPage)
	if err != nil || string(committed) != page {
		t.Errorf("deploy/docs/reference/metrics.md is stale (%v): run go test ./cmd/internal/proof/acceptance -run MetricsPage -update", err)
	}
}

func families(text string) []family {
	byName := map[string]*family{}
	label := regexp.MustCompile(`([a-z_]+)="`)
	for line := range strings.Lines(text) {
		word := strings.SplitN(strings.TrimSpace(line), " ", 4)
		switch {
		case len(word) == 4 && word[1] == "HELP" && strings.HasPrefix(word[2], "satisflow_"):
			byName[word[2]] = &family{name: word[2], help: word[3]}
		case len(word) == 4 && word[1] == "TYPE" && byName[word[2]] != nil:
			byName[word[2]].kind = word[3]
		case strings.HasPrefix(line, "satisflow_"):
			name, labels, _ := strings.Cut(word[0], "{")
			for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
				f := byName[strings.TrimSuffix(name, suffix)]
				if f == nil {
					continue
				}
				for _, m := range label.FindAllStringSubmatch(labels, -1) {
					if m[1] != "le" && !slices.Contains(f.labels, m[1]) {
						f.labels = append(f.labels, m[1])
					}
				}
				break
			}
		}
	}
	var all []family
	for _, f := range byName {
		slices.Sort(f.labels)
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b family) int { return cmp.Compare(a.name, b.name) })
	return all
}

func metricsMarkdown(all []family) string {
	var b strings.Builder
	b.WriteString(`# Metrics

Generated from a running satisflow: do not edit. Every processor and gateway shows its part at ` + "`/metrics`" + `.

Window gauges carry the partition: two processors may own one for a moment, and both show it. Read them as
` + "`sum by (window, dimension, value) (max by (window, dimension, value, partition) (satisflow_window_ratings))`" + `.
Counters tell that things happen; for what the figures are, read the window gauges: they are exact.

All series of a processor carry the ` + "`epoch`" + ` that it fills; ` + "`satisflow_current_epoch_timestamp_seconds`" + ` names the one that readers
follow. The recorded figures of the rules (` + "`satisflow:…`" + `) are of that epoch and of the freshest owner of each partition: prefer them.

There are window gauges for all rolled dimensions but ` + "`product`" + `, of which there can be thousands: figures of products are in ClickHouse and in the API.
A dimension that would make ` + "`/metrics`" + ` too large shows the values with the most responses and counts the rest under the value ` + "`other`" + `;
` + "`satisflow_dimension_folded_values`" + ` is how many these are. At most 4 scrapes are answered at the same time, others get 503.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
`)
	for _, f := range all {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, f.kind, strings.Join(f.labels, ", "), f.help)
	}
	return b.String()
}
