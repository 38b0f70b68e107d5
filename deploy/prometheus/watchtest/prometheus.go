package watchtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/deploy/testkit"
)

// PrometheusOptions say what a Prometheus watches.
type PrometheusOptions struct {
	// Rules is the rules file.
	Rules []byte
	// Interval is the time between scrapes.
	Interval time.Duration
	// Targets are the addresses to scrape, host:port, by job.
	Targets map[string]string
	// Alertmanager is an address, host:port.
	Alertmanager string
}

// StartPrometheus starts a Prometheus that ends with the test, and returns its address, host:port, when it knows its
// targets and its Alertmanager, which takes about five seconds: an alert that it can't send at once waits for a minute.
func StartPrometheus(t testing.TB, options PrometheusOptions) string {
	t.Helper()
	program := testkit.Require(t, "prometheus", "apt-get install prometheus")
	dir, address := t.TempDir(), freeAddress(t)
	rules := write(t, dir, "satisflow.rules.yml", options.Rules)
	start(t, address, program,
		"--config.file="+write(t, dir, "prometheus.yml", []byte(prometheusConfig(rules, options))),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	await(t, "http://"+address+"/api/v1/alertmanagers", options.Alertmanager)
	for _, target := range options.Targets {
		await(t, "http://"+address+"/api/v1/targets?state=active", target)
	}
	return address
}

func prometheusConfig(rules string, options PrometheusOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "global: {scrape_interval: %[1]v, scrape_timeout: %[1]v, evaluation_interval: %[1]v}\nrule_files: [%[2]q]\n", options.Interval, rules)
	fmt.Fprintf(&b, "alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}\nscrape_configs:\n", options.Alertmanager)
	for job, target := range options.Targets {
		fmt.Fprintf(&b, "  - {job_name: %q, static_configs: [{targets: [%q]}]}\n", job, target)
	}
	return b.String()
}
