package alertmanager

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"satisflow/deploy/prometheus/watchtest"
	"satisflow/deploy/testkit/realkafka"
)

// routing sends everything to one webhook, at once.
const routing = `
route: {receiver: hook, group_by: [alertname], group_wait: 10ms, group_interval: 100ms, repeat_interval: 1h}
receivers: [{name: hook}]
`

// startReal starts an Alertmanager that sends to the receiver, and returns a client of it.
func startReal(t *testing.T) (*Client, *watchtest.Receiver) {
	t.Helper()
	receiver := watchtest.StartReceiver(t)
	address := watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: []byte(routing), Webhook: receiver.URL, TimeScale: 1})
	return open(t, configFor("http://"+address), io.Discard), receiver
}

// listed is an alert as Alertmanager shows it.
type listed struct {
	Labels       map[string]string
	Annotations  map[string]string
	StartsAt     time.Time
	EndsAt       time.Time
	GeneratorURL string
}

// list returns the standing alerts by name.
func list(t *testing.T, c *Client) map[string]listed {
	t.Helper()
	response, err := http.Get(c.members[0].url.JoinPath("api/v2/alerts").String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []listed
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	byName := map[string]listed{}
	for _, a := range all {
		byName[a.Labels["alertname"]] = a
	}
	return byName
}

func TestAPushedAlertIsListedAsItIs(t *testing.T) {
	client, receiver := startReal(t)
	if err := client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	starts, ends := time.Now().Add(-time.Hour).Truncate(time.Millisecond), time.Now().Add(time.Hour).Truncate(time.Millisecond)
	err := client.Push(t.Context(), []Alert{{
		Labels:      map[string]string{"alertname": "CustomerDissatisfied", "customer": "客户-7 \"A\"\n", "x-y": "z", "empty": ""},
		Annotations: map[string]string{"summary": "客户 7 的评分低于 3.5", "bad": "\xff"}, StartsAt: starts, EndsAt: ends, GeneratorURL: "https://satisflow.example.org/customers/客户",
	}, {Labels: map[string]string{"customer": ""}}})
	if !IsPermanent(err) {
		t.Errorf("an alert without labels: %v", err)
	}
	a := list(t, client)["CustomerDissatisfied"]
	if len(a.Labels) != 3 || a.Labels["customer"] != "客户-7 \"A\"\n" || a.Labels["x_y"] != "z" || a.Annotations["summary"] != "客户 7 的评分低于 3.5" || a.Annotations["bad"] != "\uFFFD" ||
		!a.StartsAt.Equal(starts) || !a.EndsAt.Equal(ends) || a.GeneratorURL != "https://satisflow.example.org/customers/%E5%AE%A2%E6%88%B7" {
		t.Errorf("listed: %+v", a)
	}
	if got := receiver.Await(t, 5*time.Second, "hook", "CustomerDissatisfied", "firing"); len(got) != 1 {
		t.Errorf("received %+v", got)
	}
}

func TestPushesKeepAnAlertAliveAndItIsReceivedOnce(t *testing.T) {
	client, receiver := startReal(t)
	const life = 2 * time.Second
	alert := Alert{Labels: map[string]string{"alertname": "Kept"}, StartsAt: time.Now()}
	for range 8 { // for twice its life
		alert.EndsAt = time.Now().Add(life)
		if err := client.Push(t.Context(), []Alert{alert}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(life / 4)
	}
	if firing, resolved := receiver.Alerts("hook", "Kept", "firing"), receiver.Alerts("hook", "Kept", "resolved"); len(firing) != 1 || len(resolved) != 0 {
		t.Errorf("%d firing and %d resolved while it is kept alive", len(firing), len(resolved))
	}
	receiver.Await(t, 3*life, "hook", "Kept", "resolved")
	if _, there := list(t, client)["Kept"]; there {
		t.Error("it is listed after its end")
	}
}

func TestAnAlertThatIsPushedWithAnEndInThePastResolves(t *testing.T) {
	client, receiver := startReal(t)
	alert := Alert{Labels: map[string]string{"alertname": "Recovered"}, StartsAt: time.Now().Add(-time.Minute), EndsAt: time.Now().Add(time.Hour)}
	if err := client.Push(t.Context(), []Alert{alert}); err != nil {
		t.Fatal(err)
	}
	receiver.Await(t, 5*time.Second, "hook", "Recovered", "firing")
	alert.EndsAt = time.Now()
	if err := client.Push(t.Context(), []Alert{alert}); err != nil {
		t.Fatal(err)
	}
	receiver.Await(t, 5*time.Second, "hook", "Recovered", "resolved")
}

func TestAnAlertmanagerThatIsDownGetsTheAlertWhenItIsUp(t *testing.T) {
	port, err := realkafka.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	client := open(t, configFor("http://"+address), io.Discard)
	for _, err := range []error{client.Push(t.Context(), one("Late")), client.Ready(t.Context())} {
		if err == nil || IsPermanent(err) {
			t.Fatalf("while it is down: %v", err)
		}
	}
	receiver := watchtest.StartReceiver(t)
	watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: []byte(routing), Webhook: receiver.URL, TimeScale: 1, Address: address})
	if err := client.Push(t.Context(), one("Late")); err != nil {
		t.Fatal(err)
	}
	receiver.Await(t, 5*time.Second, "hook", "Late", "firing")
}

// What the client holds back is what Alertmanager refuses, with an answer that the client knows to be permanent.
func TestARealAlertmanagerRefusesWhatIsHeldBack(t *testing.T) {
	client, _ := startReal(t)
	header, err := client.cfg.header()
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"no labels":       `[{"labels":{}}]`,
		"times":           `[{"labels":{"a":"b"},"startsAt":"2026-03-02T00:00:00Z","endsAt":"2026-03-01T00:00:00Z"}]`,
		"a generator URL": `[{"labels":{"a":"b"},"generatorURL":"no address"}]`,
		"no JSON":         `[`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := client.members[0].request(t.Context(), http.MethodPost, "api/v2/alerts", header, []byte(body)); !IsPermanent(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
