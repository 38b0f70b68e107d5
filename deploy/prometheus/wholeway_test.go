package prometheus

import (
	"fmt"
	"math"
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

	// All is well: nobody hears anything; while it catches up, only that it does: for the rules it is hours behind.
	time.Sleep(2 * time.Second)
	if got := receiver.Notifications(); len(got) > 0 {
		t.Fatalf("notified without a reason: %+v", got)
	}
	e.set(func(e *exporter) { e.satisfied, e.behind = 80, time.Now() })
	time.Sleep(4 * time.Second) // for is 1.5 s, group_wait 0.15 s
	const name = "SatisfactionSharpDrop"
	if got := receiver.Alerts("pager", name, "firing"); len(got) > 0 {
		t.Fatalf("paged about figures of a backlog: %+v", got)
	}

	// Caught up: the page comes, with the right text, and once.
	e.set(func(e *exporter) { e.behind = time.Time{} })
	pages := receiver.Await(t, soon, "pager", name, "firing")
	bound := math.Floor(1000*stats.Wilson(120, inHour, rules.Page.Z()).Low) / 10
	want := fmt.Sprintf("Service legal_consulting: 60.0 %% of 200 ratings in the last hour were below 4, at least %.1f %% (99.5 %% confidence); the target of 95 %% allows 5 %%.", bound)
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
		if stale := n.Alerts[0].Labels["class"] == string(rules.ClassStale); n.Receiver != "pager" || n.Alerts[0].Labels["alertname"] != name && !stale {
			t.Errorf("notified of something else: %+v", n)
		}
	}
}

func TestADeadProcessorOnItsWholeWay(t *testing.T) {
	e, receiver := watch(t)
	time.Sleep(time.Second)
	e.set(func(e *exporter) { e.unreachable = true })
	pages := receiver.Await(t, soon, "pager", "SatisflowMetricsAbsent", "firing")
	if got, want := pages[0].Annotations["summary"], "No processor of the current epoch reports any metric: satisfaction is not being watched."; got != want {
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
	cfg.TimeScale, cfg.CustomerAlerts = timeScale, false // there is no gateway
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
