package prometheus

import (
	"fmt"
	"os"
	"testing"
	"time"

	"satisflow/dashboards/rules"
	"satisflow/deploy/prometheus/watchtest"
	"satisflow/pipeline/stats"
)

// A second of the test is 200 seconds of the rules and routes.
const (
	timeScale = 200
	scrape    = 300 * time.Millisecond
	soon      = 15 * time.Second // far more than the scaled for, group_wait and evaluations take
)

func TestAPageOnItsWholeWay(t *testing.T) {
	e, receiver := watch(t)

	// All is well: nobody hears anything, while catching up either.
	time.Sleep(2 * time.Second)
	e.set(func(e *exporter) { e.satisfied, e.catchingUp = 80, 1 })
	time.Sleep(4 * time.Second) // for is 1.5 s, group_wait 0.15 s
	if got := receiver.Notifications(); len(got) > 0 {
		t.Fatalf("notified without a reason: %+v", got)
	}

	// Caught up: the page comes, with the right text, and once.
	e.set(func(e *exporter) { e.catchingUp = 0 })
	const name = "SatisfactionSharpDrop"
	pages := receiver.Await(t, soon, "pager", name, "firing")
	bound := 100 * stats.Wilson(120, inHour, rules.Page.Z()).Low
	want := fmt.Sprintf("Service legal_consulting: 60%% of 200 ratings in the last hour were below 4, surely more than %.2f%%; the target of 95%% allows 5%%.", bound)
	if got := pages[0].Annotations["summary"]; got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
	if got, want := pages[0].Annotations["runbook_url"], "http://localhost:8080/runbooks/"+name+".md"; got != want {
		t.Errorf("the page links %q, want %q", got, want)
	}
	time.Sleep(4 * time.Second) // group_interval is 1.5 s
	if got := receiver.Alerts("pager", name, "firing"); len(got) != 1 {
		t.Errorf("the page came %d times, want once", len(got))
	}

	// Recovered: after keep_firing_for the page is resolved.
	e.set(func(e *exporter) { e.satisfied = inHour })
	receiver.Await(t, soon+9*time.Second, "pager", name, "resolved")
	for _, n := range receiver.Notifications() {
		if n.Receiver != "pager" || n.Alerts[0].Labels["alertname"] != name {
			t.Errorf("notified of something else: %+v", n)
		}
	}
}

func TestADeadProcessorOnItsWholeWay(t *testing.T) {
	e, receiver := watch(t)
	time.Sleep(time.Second)
	e.set(func(e *exporter) { e.unreachable = true })
	pages := receiver.Await(t, soon, "pager", "SatisflowMetricsAbsent", "firing")
	if got, want := pages[0].Annotations["summary"], "No processor reports any metric: satisfaction is not being watched."; got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
	e.set(func(e *exporter) { e.unreachable = false })
	receiver.Await(t, soon, "pager", "SatisflowMetricsAbsent", "resolved")
	if got := len(receiver.Alerts("pager", "SatisflowMetricsAbsent", "firing")); got != 1 {
		t.Errorf("the page came %d times, want once", got)
	}
}

// watch starts everything between an exporter and a receiver.
func watch(t *testing.T) (*exporter, *watchtest.Receiver) {
	t.Helper()
	t.Parallel()
	cfg := rules.DefaultConfig()
	cfg.TimeScale = timeScale
	generated, err := rules.Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := os.ReadFile("../alertmanager/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	e, receiver := startExporter(t), watchtest.StartReceiver(t)
	watchtest.StartPrometheus(t, watchtest.PrometheusOptions{
		Rules: generated, Interval: scrape, Targets: map[string]string{rules.Processor: e.address},
		Alertmanager: watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: routes, Webhook: receiver.URL, TimeScale: timeScale}),
	})
	return e, receiver
}
