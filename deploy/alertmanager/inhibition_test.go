package alertmanager

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"testing"
	"time"

	"satisflow/dashboards/grafana"
	"satisflow/dashboards/rules"
	"satisflow/deploy/prometheus/watchtest"
)

// Services of the cases.
var (
	everywhere map[string]string
	legal      = map[string]string{"dimension": "service", "value": "legal_consulting"}
	review     = map[string]string{"dimension": "service", "value": "document_review"}
	overall    = map[string]string{"dimension": "overall"}
	kafka      = map[string]string{"part": "kafka"}
	clickhouse = map[string]string{"part": "clickhouse"}
)

func TestWhatIsInhibited(t *testing.T) {
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	address := watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: content, Webhook: watchtest.StartReceiver(t).URL, TimeScale: 1})
	labels := map[string]map[string]string{}
	for _, alert := range alerts(t) {
		labels[alert.Alert] = maps.Clone(alert.Labels)
		labels[alert.Alert]["alertname"] = alert.Alert
	}
	for _, c := range []struct {
		name           string
		source, target string
		at, of         map[string]string
		want           bool
	}{
		{"a backlog silences the target", "SatisflowCatchingUp", "SatisfactionSharpDrop", everywhere, legal, true},
		{"a backlog silences leading indicators", "SatisflowCatchingUp", rules.QualityBeyondStandard, everywhere, legal, true},
		{"a backlog does not silence the pipeline", "SatisflowCatchingUp", "SatisflowRecordsLost", everywhere, everywhere, false},
		{"stale figures silence the target", "SatisflowNotFresh", "SatisfactionBurnSteady", everywhere, overall, true},
		{"stale figures silence services without ratings", "SatisflowMetricsAbsent", rules.NoRatings, everywhere, legal, true},
		{"stale figures do not silence lost records", "SatisflowPartitionsUnowned", "SatisflowRecordsLost", everywhere, everywhere, false},
		{"stale figures do not silence the gateway", "SatisflowMetricsAbsent", "SatisflowGatewayDown", everywhere, everywhere, false},
		{"a dead-letter ticket silences nothing", "SatisflowDeadLetters", "SatisfactionSharpDrop", everywhere, legal, false},
		{"a silent service silences its own target", rules.NoRatings, "SatisfactionBurnSteady", legal, legal, true},
		{"a silent service leaves others alone", rules.NoRatings, "SatisfactionBurnSteady", legal, review, false},
		{"a page silences the ticket of its service", "SatisfactionBurnFast", "SatisfactionBurnMild", legal, legal, true},
		{"a page leaves the ticket of another service", "SatisfactionBurnFast", "SatisfactionBurnMild", legal, review, false},
		{"a ticket does not silence a page", "SatisfactionTargetMissed", "SatisfactionBurnFast", legal, legal, false},
		{"the sharper page speaks", "SatisfactionSharpDrop", "SatisfactionBurnFast", legal, legal, true},
		{"the slower page does not silence the sharper", "SatisfactionBurnFast", "SatisfactionSharpDrop", legal, legal, false},
		{"the page of a service silences that of all", "SatisfactionSharpDrop", "SatisfactionSharpDrop", legal, overall, true},
		{"the page of all does not silence that of a service", "SatisfactionSharpDrop", "SatisfactionSharpDrop", overall, legal, false},
		{"a dependency that is down explains alerts on customers", "SatisflowDependencyDown", "SatisflowCustomerAlertsStale", everywhere, everywhere, true},
		{"a dependency that is down explains what follows", "SatisflowDependencyDown", "SatisflowInsertsStalled", everywhere, everywhere, true},
		{"a gateway that is down explains that nothing is evaluated", "SatisflowGatewayDown", "SatisflowCustomerAlertsStale", everywhere, everywhere, true},
		{"one gateway of several explains nothing", "SatisflowGatewayInstanceDown", "SatisflowCustomerAlertsStale", everywhere, everywhere, false},
		{"Kafka that nobody reaches is one page", "SatisflowDependencyDown", "SatisflowGatewayDependencyDown", kafka, kafka, true},
		{"ClickHouse that no processor reaches leaves Kafka alone", "SatisflowDependencyDown", "SatisflowGatewayDependencyDown", clickhouse, kafka, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, target := with(labels[c.source], c.at), with(labels[c.target], c.of)
			if labels[c.source] == nil || labels[c.target] == nil {
				t.Fatalf("the rules have no %s or no %s", c.source, c.target)
			}
			post(t, address, time.Minute, source, target)
			defer post(t, address, 0, source, target)
			if got := inhibited(t, address, target, c.want); got != c.want {
				t.Errorf("%v is inhibited by %v: %v, want %v", target, source, got, c.want)
			}
		})
	}
}

// Grafana sends DatasourceError and DatasourceNoData with the labels of its rule when a data source is broken. Neither these nor
// anything else that is not of our rules silences an alert, whatever class and name it claims.
func TestAlertsOfOthersSilenceNothing(t *testing.T) {
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	address := watchtest.StartAlertmanager(t, watchtest.AlertmanagerOptions{Config: content, Webhook: watchtest.StartReceiver(t).URL, TimeScale: 1})
	var targets, sources []map[string]string
	for _, a := range alerts(t) {
		labels := with(a.Labels, legal)
		labels["alertname"] = a.Alert
		targets = append(targets, labels)
		foreign := maps.Clone(labels)
		delete(foreign, "origin")
		foreign["grafana_folder"] = "satisflow"
		error := maps.Clone(foreign)
		error["alertname"] = "DatasourceError"
		sources = append(sources, foreign, error)
	}
	for _, r := range grafana.DefaultConfig().AlertRules() {
		for _, name := range []string{r.Title, "DatasourceError", "DatasourceNoData"} {
			sources = append(sources, with(r.Labels, map[string]string{"alertname": name}))
		}
	}
	post(t, address, time.Minute, sources...)
	for _, target := range targets {
		if target["severity"] != string(rules.Page) && target["class"] != string(rules.ClassTarget) {
			continue
		}
		post(t, address, time.Minute, target)
		if inhibited(t, address, target, false) {
			t.Errorf("%v is silenced by an alert that is not of the rules", target)
		}
		post(t, address, 0, target)
	}
}

func with(labels, more map[string]string) map[string]string {
	all := maps.Clone(labels)
	maps.Copy(all, more)
	return all
}

type posted struct {
	Labels map[string]string `json:"labels"`
	EndsAt time.Time         `json:"endsAt"`
}

// post sends alerts that end after a time; 0 ends them.
func post(t *testing.T, address string, after time.Duration, alerts ...map[string]string) {
	t.Helper()
	var all []posted
	for _, labels := range alerts {
		all = append(all, posted{labels, time.Now().Add(after)})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post("http://"+address+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager takes no alerts: %s", response.Status)
	}
}

// inhibited says whether an alert is inhibited. Alertmanager learns of sources a moment later, so it asks again while
// the answer is not the one that is wanted; for "not inhibited" it makes sure that the answer stays.
func inhibited(t *testing.T, address string, labels map[string]string, want bool) bool {
	t.Helper()
	const asks = 20
	agreed := 0
	for range asks {
		got, known := ask(t, address, labels)
		if known && got == want {
			agreed++
		}
		if want && agreed > 0 || agreed > 4 {
			return want
		}
		time.Sleep(25 * time.Millisecond)
	}
	return !want
}

func ask(t *testing.T, address string, labels map[string]string) (inhibited, known bool) {
	t.Helper()
	response, err := http.Get("http://" + address + "/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if maps.Equal(a.Labels, labels) {
			return len(a.Status.InhibitedBy) > 0, true
		}
	}
	return false, false
}
