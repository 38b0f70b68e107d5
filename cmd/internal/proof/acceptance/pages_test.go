package acceptance

import (
	"fmt"
	"maps"
	"math"
	"net"
	"os"
	"testing"
	"time"

	"satisflow/dashboards/rules"
	"satisflow/deploy/prometheus/watchtest"
	"satisflow/pipeline/source"
	"satisflow/pipeline/stats"
)

// A second of the pages' test is 100 seconds of the rules and routes. The windows are those of the configuration, in
// real time: what a test of seconds can change in the last hour is what the ratings say, by correcting them.
const (
	pageScale   = 100
	pageScrape  = 500 * time.Millisecond
	pageSoon    = 60 * time.Second // for, group_wait and evaluations take 5 to 10 s
	pageService = "legal_consulting"

	drop   = "SatisfactionSharpDrop"
	absent = "SatisflowMetricsAbsent"
)

// told is n ratings of one service and one value, of customers and ids of their own, spread evenly from one time on.
func told(name string, n, revision, rating int, from time.Time, over time.Duration) []source.Message {
	all := make([]source.Message, n)
	for i := range all {
		customer := fmt.Sprintf("%s-%d", name, i)
		at := from.Add(time.Duration(i) * over / time.Duration(n)).UTC().Format(time.RFC3339)
		all[i] = source.Message{Key: []byte(customer), Value: fmt.Appendf(nil, `{"rating_id":"r-%s","revision":%d,"occurred_at":%q,"customer_id":%q,"service":%q,"rating":%d}`,
			customer, revision, at, customer, pageService, rating)}
	}
	return all
}

func (s *stack) tell(messages []source.Message) {
	s.t.Helper()
	if err := s.producer.Produce(s.t.Context(), messages...); err != nil {
		s.t.Fatal(err)
	}
}

// watched starts Prometheus and Alertmanager over a processor's address, with the generated rules and committed routes.
func watched(t *testing.T, address string) *watchtest.Receiver {
	t.Helper()
	cfg := rules.DefaultConfig()
	cfg.TimeScale, cfg.CustomerAlerts = pageScale, false // there is no gateway
	generated, err := rules.Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := os.ReadFile("../../../../deploy/alertmanager/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	receiver := watchtest.StartReceiver(t)
	watchtest.StartPrometheus(t, watchtest.PrometheusOptions{
		Rules: generated, Interval: pageScrape, Targets: map[string]string{rules.Processor: address},
		Alertmanager: watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: routes, Webhook: receiver.URL, TimeScale: pageScale}),
	})
	return receiver
}

// pages counts the pages, by alert. Those that a machine too slow for the time scale has earned are logged only: for
// the rules, a stall of ten seconds is one of a quarter of an hour.
func pages(t *testing.T, r *watchtest.Receiver) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, n := range r.Notifications() {
		for _, a := range n.Alerts {
			name := a.Labels["alertname"]
			switch {
			case n.Receiver != "pager" || a.Status != "firing":
			case a.Labels["class"] == string(rules.ClassStale) && name != absent:
				t.Logf("a slow machine: %s", a.Annotations["summary"])
			default:
				count[name]++
			}
		}
	}
	return count
}

func TestRatingsAndADeadProcessorPageAndResolve(t *testing.T) {
	s := newStack(t, 2)
	address := freeAddress(t)
	alone := []string{"--listen", address, "--partitions", "0-1"} // no group: a restarted processor need not wait for the dead one
	processor, _ := s.processor(alone...)
	receiver := watched(t, address)

	// A service that was well.
	const good, bad = 12, 18
	begin := time.Now()
	s.tell(told("earlier", 40, 0, 5, begin.Add(-5*time.Hour), 3*time.Hour))
	s.tell(told("good", good, 0, 5, begin.Add(-2*time.Minute), time.Minute))
	time.Sleep(5 * time.Second) // for is 3 s
	if got := pages(t, receiver); len(got) > 0 {
		t.Fatalf("paged while all was well: %v", got)
	}

	s.tell(told("bad", bad, 0, 2, begin.Add(-time.Minute), time.Minute))
	page := receiver.Await(t, pageSoon, "pager", drop, "firing")[0]
	want := fmt.Sprintf("Service %s: 60.0 %% of 30 ratings in the last hour were below 4, at least %.1f %% (99.5 %% confidence); the target of 95 %% allows 5 %%.",
		pageService, math.Floor(1000*stats.Wilson(bad, good+bad, rules.Page.Z()).Low)/10)
	if got := page.Annotations["summary"]; got != want {
		t.Errorf("the page says  %s\nwant           %s", got, want)
	}
	t.Logf("paged after %v: %s", time.Since(begin).Round(time.Second), page.Annotations["summary_zh"])
	// The alert on 24 hours follows after 9 s, and must be no page of its own: now, nor when the first one ends.
	time.Sleep(13 * time.Second)

	// The customers think again: what is stored is exact, so the gauges of the last hour recover at once.
	s.tell(told("bad", bad, 1, 5, begin.Add(-time.Minute), time.Minute))
	receiver.Await(t, pageSoon, "pager", drop, "resolved")
	t.Logf("resolved after %v", time.Since(begin).Round(time.Second))
	if got := pages(t, receiver); !maps.Equal(got, map[string]int{drop: 1}) {
		t.Errorf("pages %v, want one", got)
	}

	// A dead consumer pages once, whatever follows from its death.
	processor.kill()
	page = receiver.Await(t, pageSoon, "pager", absent, "firing")[0]
	if got, want := page.Annotations["summary"], "No processor of the current epoch reports any metric: satisfaction is not being watched."; got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
	time.Sleep(5 * time.Second)
	s.processor(alone...)
	receiver.Await(t, pageSoon, "pager", absent, "resolved")
	t.Logf("back after %v", time.Since(begin).Round(time.Second))
	if got := pages(t, receiver); !maps.Equal(got, map[string]int{drop: 1, absent: 1}) {
		t.Errorf("pages %v, want one of each", got)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
