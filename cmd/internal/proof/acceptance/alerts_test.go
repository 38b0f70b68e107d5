package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/deploy/prometheus/watchtest"
	"satisflow/deploy/testkit/realmail"
	"satisflow/pipeline/source"
)

const (
	lowRating = "SatisflowCustomerRatingLow"
	managers  = "account-managers"
	// soon is what an alert may take from the rating to the list, on a machine that does other things too.
	soon = 5 * time.Second
)

// alertmanager is a real one with the committed routes, whose times are divided by 200, and what it has told.
func alertmanager(t *testing.T) (string, *watchtest.Receiver) {
	t.Helper()
	routes, err := os.ReadFile("../../../../deploy/alertmanager/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	receiver := watchtest.StartReceiver(t)
	return "http://" + watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: routes, Webhook: receiver.URL, TimeScale: 200}), receiver
}

// alive returns until when Alertmanager lets each alert live, by its id.
func alive(t *testing.T, url string) map[string]time.Time {
	t.Helper()
	resp, err := http.Get(url + "/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all []struct {
		Labels map[string]string
		EndsAt time.Time
	}
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	ends := map[string]time.Time{}
	for _, a := range all {
		ends[a.Labels["alert_id"]] = a.EndsAt
	}
	return ends
}

// alerts lists the alerts of a query.
func (s *site) alerts(query string) []any {
	s.t.Helper()
	status, answer := s.get(api + "/alerts" + query)
	all, ok := answer["alerts"].([]any)
	if status != http.StatusOK || !ok {
		s.t.Fatalf("alerts%s: %d %v", query, status, answer)
	}
	return all
}

// one waits for the only alert of a query.
func (s *site) one(query string, within time.Duration) any {
	s.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if all := s.alerts(query); len(all) == 1 {
			return all[0]
		}
	}
	s.t.Fatalf("alerts%s: not one within %v: %v", query, within, s.alerts(query))
	return nil
}

func (s *site) rate(body string) {
	s.t.Helper()
	if status, answer := s.post(api+"/record", body); status != http.StatusOK {
		s.t.Fatalf("%d %v", status, answer)
	}
}

// evaluated waits until new ratings have been looked at twice from now on.
func (s *site) evaluated() {
	s.t.Helper()
	count := func() float64 { return scrape(s.t, s.url, "satisflow_alerts_evaluation_seconds_count") }
	begin := count()
	waitFor(s.t, "two looks for alerts", func() bool { return count() >= begin+2 })
}

func TestALowRatingReachesItsAccountManagerOnceWhateverDies(t *testing.T) {
	manager, receiver := alertmanager(t)
	s := startDev(t, "--alertmanager.urls", manager)
	s.evaluated()
	begin := time.Now()
	s.rate(`{"rating_id":"r-1","occurred_at":"` + daysAgo(0) + `","customer_id":"C-1","service":"legal_consulting","segment":"vip","rating":2,"comment":"等了三天"}`)
	a := s.one("", soon)
	t.Logf("listed after %v", time.Since(begin).Round(time.Millisecond))
	id, _ := at(a, "id").(string)
	if at(a, "rule") != "low_rating" || at(a, "state") != "open" || at(a, "severity") != "major" || at(a, "value") != "C-1" {
		t.Errorf("%v", a)
	}
	told := receiver.Await(t, pageSoon, managers, lowRating, "firing")[0]
	t.Logf("told after %v: %s", time.Since(begin).Round(time.Millisecond), told.Annotations["summary"])
	if told.Labels["alert_id"] != id || told.Labels["segment"] != "vip" || told.Annotations["customer"] != "C-1" ||
		!strings.HasSuffix(told.Annotations["link"], "/customers/C-1") || strings.Contains(fmt.Sprint(told), "三天") {
		t.Errorf("%+v", told)
	}

	before := alive(t, manager)[id]
	s.process.kill()
	s.process = start(t, s.dir, s.process.cmd.Args[1:]...)
	s.url = s.process.await(`API +(http://\S+)`, 60*time.Second)
	waitFor(t, "the alert to be kept alive", func() bool { return alive(t, manager)[id].After(before) })
	s.evaluated()
	if again := s.one("", soon); at(again, "id") != id || at(again, "version") != 1.0 {
		t.Errorf("after the restart: %v", again)
	}

	month := filepath.Join(t.TempDir(), "month.csv")
	rows := []string{"rating_id,customer_id,service,rating,occurred_at"}
	for i := range 200 {
		rows = append(rows, fmt.Sprintf("old-%d,C-%d,legal_consulting,1,%s", i, i%20, daysAgo(2+i%28)))
	}
	if err := os.WriteFile(month, []byte(strings.Join(rows, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := run(t, s.dir, "import", month, "--config", ".satisflow/connect.yaml"); code != 0 {
		t.Fatal(out)
	}
	s.eventually(api+"/analytics?window=28d", func(a map[string]any) bool { return at(a, "overall", "responses").(float64) > 150 })
	s.evaluated()
	if all := s.alerts(""); len(all) != 1 {
		t.Errorf("a bad month was imported: %d alerts", len(all))
	}

	for _, step := range []struct{ action, body, state string }{
		{"acknowledge", `{"by":"li.na"}`, "acknowledged"}, {"contacted", `{"by":"li.na","comment":"rang"}`, "contacted"},
		{"resolve", `{"by":"li.na","comment":"a new report"}`, "resolved"}, {"verify", `{"by":"wang.wei"}`, "verified"},
	} {
		if status, answer := s.post(api+"/alerts/"+id+"/"+step.action, step.body); status != http.StatusOK || answer["state"] != step.state {
			t.Fatalf("%s: %d %v", step.action, status, answer)
		}
	}
	receiver.Await(t, pageSoon, managers, lowRating, "resolved")
	if n := len(receiver.Alerts(managers, lowRating, "firing")); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}

func TestACorrectedRatingWithdrawsItsAlertAndAnErasureTakesWhatWasWritten(t *testing.T) {
	s := startDev(t)
	now := daysAgo(0)
	s.rate(`{"rating_id":"r-1","occurred_at":"` + now + `","customer_id":"C-1","service":"legal_consulting","rating":2}`)
	a := s.one("?state=open", 2*soon) // the lease may be on its way
	if _, list := s.get(api + "/watchlist"); list["total"] != 1.0 {
		t.Errorf("watch list: %v", list)
	}
	s.rate(`{"rating_id":"r-1","revision":1,"occurred_at":"` + now + `","customer_id":"C-1","service":"legal_consulting","rating":5}`)
	if b := s.one("?state=resolved", soon); at(b, "id") != at(a, "id") || at(b, "resolution") != "withdrawn" || at(b, "resolved_by") != "satisflow" {
		t.Errorf("%v", b)
	}
	if _, list := s.get(api + "/watchlist"); list["total"] != 0.0 {
		t.Errorf("watch list: %v", list)
	}

	path := api + "/alerts/" + at(a, "id").(string)
	if status, answer := s.post(path+"/comment", `{"by":"li.na","comment":"电话 13800000000"}`); status != http.StatusOK || !strings.Contains(fmt.Sprint(answer), "13800000000") {
		t.Fatalf("%d %v", status, answer)
	}
	if status, answer := s.post(api+"/erase", `{"customer_id":"C-1"}`); status != http.StatusAccepted {
		t.Fatalf("%d %v", status, answer)
	}
	s.eventually(path, func(b map[string]any) bool {
		return !strings.Contains(fmt.Sprint(b), "13800000000") && at(b, "version") == 3.0
	})
}

// gateway starts a satisflow gateway of the stack in a process of its own; more flags may be given.
func (s *stack) gateway(flags ...string) *site {
	s.t.Helper()
	args := append([]string{"gateway", "--brokers", strings.Join(s.kafka.Brokers, ","), "--clickhouse", s.db.DSN, "--listen", "127.0.0.1:0",
		"--kafka.topic", s.topic, "--kafka.dead_topic", s.dead, "--log.format", "json", "--alerts.recheck", "1s"}, flags...)
	g := &site{t: s.t, process: start(s.t, s.t.TempDir(), args...)}
	g.url = "http://" + g.process.await(`"address":"(127\.0\.0\.1:\d+)"`, 30*time.Second)
	return g
}

// fall sends ratings of a service that were told as they were given: of two weeks, the last with fewer satisfied ones.
func (s *stack) fall(end time.Time) {
	const each, week = 400, 7 * 24 * time.Hour
	var messages []source.Message
	for i := range 2 * each {
		given := end.Add(time.Duration(i)*week/each - 2*week)
		rating := 5
		if i < each && i%20 == 0 || i >= each && i%5 == 0 {
			rating = 2
		}
		customer := fmt.Sprintf("F-%d", i)
		messages = append(messages, source.Message{Key: []byte(customer), Time: given, Value: fmt.Appendf(nil,
			`{"rating_id":"r-%s","occurred_at":%q,"customer_id":%q,"service":%q,"rating":%d}`, customer, given.UTC().Format(time.RFC3339), customer, pageService, rating)})
	}
	s.tell(messages)
}

func TestAFallingServiceMailsItsOwnerOnce(t *testing.T) {
	s := newStack(t, 2)
	server := realmail.Start(t, realmail.Options{TLS: realmail.StartTLS})
	with := []string{"--alerts.owners", "service:" + pageService + "=owner@example.com", "--mail.host", server.Address, "--mail.from", "satisflow@example.com", "--mail.ca_file", server.CAFile}
	slide := 6 * time.Hour
	s.fall(time.Now().Add(-2 * time.Minute).Truncate(slide))
	s.processor()
	server.Stop() // the mail has to wait
	g := s.gateway(with...)
	s.settle(time.Minute)
	a := g.one("?rule=group_falling&service="+pageService, time.Minute)
	waitFor(t, "a mail that waits", func() bool { return scrape(t, g.url, "satisflow_mails_pending") == 1 })
	server.Start()
	waitFor(t, "the mail", func() bool { return len(server.Mails()) > 0 })
	waitFor(t, "the note that it was sent", func() bool { _, b := g.get(api + "/alerts/" + at(a, "id").(string)); return b["mailed_at"] != nil })

	second := start(t, t.TempDir(), slices.Concat(g.process.cmd.Args[1:], with)...)
	second.await(`another process has the lease "gateway that writes": .*end it first, or start this one with --read-only`, 30*time.Second)
	reading := s.gateway("--read-only")
	if all := reading.alerts(""); len(all) != len(g.alerts("")) {
		t.Errorf("one that only reads lists %d", len(all))
	}
	if status, answer := reading.post(api+"/alerts/"+at(a, "id").(string)+"/acknowledge", `{"by":"li.na"}`); status != http.StatusForbidden {
		t.Errorf("%d %v", status, answer)
	}

	g.process.kill()
	g = s.gateway(with...)
	g.evaluated()
	if n := len(server.Mails()); n != 1 {
		t.Fatalf("%d mails, want one", n)
	}
	m, err := mail.ReadMessage(bytes.NewReader(server.Mails()[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.Contains(subject, "Service "+pageService+": satisfaction falls, 95.0 % → 80.0 %") || !strings.Contains(m.Header.Get("Message-Id"), at(a, "id").(string)) {
		t.Errorf("%s: %s (%v)", m.Header.Get("Message-Id"), subject, err)
	}
	if body, err := io.ReadAll(m.Body); err != nil || len(body) < 1000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}
