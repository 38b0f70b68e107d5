package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// alertsOfPrometheus is what Prometheus 2.42 answers to /api/v1/alerts, shortened.
const alertsOfPrometheus = `{"status":"success","data":{"alerts":[
{"labels":{"alertname":"SatisfactionTargetMissed","class":"target","dimension":"service","severity":"ticket","value":"legal_consulting","window":"28d"},
 "annotations":{"runbook_url":"https://elsewhere.example.com/SatisfactionTargetMissed.md","summary":"Service legal_consulting: 91.8% <b>","summary_zh":"服务 legal_consulting：91.8%"},"state":"firing","activeAt":"2026-11-20T10:00:00.25Z","value":"9e-01"},
{"labels":{"alertname":"SatisfactionSharpDrop","dimension":"service","severity":"page","value":"legal_consulting"},"annotations":{"summary":"a sharp drop"},"state":"firing","activeAt":"2026-11-20T12:00:00Z"},
{"labels":{"alertname":"SatisfactionSharpDrop","dimension":"service","severity":"page","value":"data_analysis"},"annotations":{"summary":"only pending"},"state":"pending","activeAt":"2026-11-20T12:00:00Z"},
{"labels":{"alertname":"SatisfactionBurnMild","dimension":"segment","severity":"ticket","value":"legal_consulting"},"annotations":{"summary":"a segment of that name"},"state":"firing","activeAt":"2026-11-20T12:00:00Z"},
{"labels":{"alertname":"SatisflowCatchingUp","severity":"info"},"annotations":{"summary":"tells nobody"},"state":"firing","activeAt":"2026-11-20T12:00:00Z"},
{"labels":{"alertname":"OursAlone","severity":"ticket"},"annotations":{"summary":"a rule of our own","runbook_url":"javascript:alert(1)"},"state":"firing","activeAt":"2026-11-20T12:00:00Z"}]}}`

// watchedBy is a site beside a Prometheus that answers so.
func watchedBy(t *testing.T, answer http.HandlerFunc) http.Handler {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	cfg := PrometheusConfig{URL: server.URL + "/prefix/", Timeout: 200 * time.Millisecond}
	return site(t, someWorld(), func(o *Options) { o.Prometheus = NewPrometheus(cfg) })
}

func TestPagesShowWhatIsFiringInPrometheus(t *testing.T) {
	var asked atomic.Int64
	h := watchedBy(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/prefix/api/v1/alerts" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, alertsOfPrometheus)
	})
	const missed = "Service legal_consulting: 91.8% &lt;b&gt;"
	for _, path := range []string{"/", "/alerts", "/services/legal_consulting"} {
		body := wantPage(t, get(h, path, "en"), http.StatusOK, "Firing in Prometheus", missed, "a sharp drop", "2026-11-20 18:00</time>",
			`<a href="/runbooks/SatisfactionTargetMissed?lang=en">Runbook SatisfactionTargetMissed</a>`)
		if strings.Index(body, "a sharp drop") > strings.Index(body, missed) {
			t.Errorf("%s: a ticket stands before a page", path)
		}
		if strings.Contains(body, "only pending") || strings.Contains(body, "tells nobody") || strings.Contains(body, `href="javascript`) {
			t.Errorf("%s shows what is pending or only holds others back, or links a script", path)
		}
	}
	wantPage(t, get(h, "/services/legal_consulting", "zh"), http.StatusOK, "Prometheus 中触发的警报", "服务 legal_consulting：91.8%", "开始于")
	if body := get(h, "/services/legal_consulting", "en").Body.String(); strings.Contains(body, "a segment of that name") || strings.Contains(body, "a rule of our own") {
		t.Error("the page of a service shows alerts about something else")
	}
	wantPage(t, get(h, "/services/data_analysis", "en"), http.StatusOK, "No alert of the monitoring is firing.")
	wantPage(t, get(h, "/alerts", "en"), http.StatusOK, "a rule of our own", "a segment of that name")
	if asked.Load() != 1 {
		t.Errorf("Prometheus was asked %d times for the pages of a moment", asked.Load())
	}
}

func TestWithoutAnAnswerOfPrometheusPagesSaySoAndComeInTime(t *testing.T) {
	wait := make(chan struct{})
	defer close(wait)
	for name, answer := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"a sign-in": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				fmt.Fprint(w, alertsOfPrometheus)
			}
			http.Redirect(w, r, "/login", http.StatusFound)
		},
		"another page":        func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"an error of its own": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"error","data":{}}`) },
		"none": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-wait:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := watchedBy(t, answer)
			begin := time.Now()
			wantPage(t, get(h, "/services/legal_consulting", "en"), http.StatusOK, "Prometheus does not answer: whether alerts are firing is not known.", "60.0 %")
			wantPage(t, get(h, "/", "zh"), http.StatusOK, "Prometheus 没有应答")
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
	body := wantPage(t, get(site(t, someWorld()), "/services/legal_consulting", "en"), http.StatusOK, "No Prometheus is configured", "<code>prometheus.url</code>")
	if strings.Contains(body, "is firing.") {
		t.Error("without Prometheus it is said that nothing fires")
	}
}

func TestMoreFiringAlertsThanAPageShowsAreCounted(t *testing.T) {
	var all []string
	for i := range 60 {
		all = append(all, fmt.Sprintf(`{"labels":{"alertname":"A%02d","severity":"page"},"annotations":{},"state":"firing","activeAt":"2026-11-20T12:00:%02dZ"}`, i, i))
	}
	h := watchedBy(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"success","data":{"alerts":[`+strings.Join(all, ",")+`]}}`)
	})
	wantPage(t, get(h, "/", "en"), http.StatusOK, "<small>5+</small>", "55 more are firing", "<code>A04</code>")
	wantPage(t, get(h, "/alerts", "en"), http.StatusOK, "10 more are firing", "<code>A49</code>")
}

func TestTheAddressOfPrometheusIsChecked(t *testing.T) {
	for url, want := range map[string]string{"": "", "http://p:9090": "", "https://p/prom": "", "p:9090": "want http(s)://host:port", "http://u:secret@p": "holds a user", "http://p?x=1": "want http(s)", "http://%zz": "is no URL"} {
		err := PrometheusConfig{URL: url, Timeout: time.Second}.Validate()
		if (err != nil) != (want != "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: %v", url, err)
		}
	}
	if (PrometheusConfig{}).Validate() == nil {
		t.Error("no timeout is taken")
	}
}
