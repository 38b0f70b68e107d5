package guard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
)

var now = time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)

// guarded returns a handler behind a guard, its log and its registry. /api/v1/customers/{id} panics, aborts or answers.
func guarded(t *testing.T, cfg Config) (http.Handler, *bytes.Buffer, *prometheus.Registry) {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	reg := prometheus.NewRegistry()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		switch r.PathValue("id") {
		case "panic":
			panic(fmt.Errorf("of %s", "zhang@example.com"))
		case "late":
			w.WriteHeader(http.StatusAccepted)
			panic("too late")
		case "abort":
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, RequestID(r.Context()))
	})
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	g := New(cfg, reg, zerolog.New(&log), func() time.Time { return now })
	return g.Wrap(mux), &log, reg
}

func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const path = "/api/v1/customers/zhang"

func TestTheHostMustBeOurs(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Hosts = []string{"satisflow.example.com"}
	h, _, _ := guarded(t, cfg)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1:8080": 200, "127.8.9.1": 200, "[::1]:8080": 200, "[::1]": 200, "app.localhost:1": 200,
		"LOCALHOST.:8080": 200, "satisflow.example.com": 200, "Satisflow.Example.com:443": 200,
		"evil.example.com": 421, "evil.example.com:8080": 421, "localhost.evil.com": 421, "127.0.0.1.evil.com": 421, "": 421, "10.0.0.1": 421, "evillocalhost": 421,
	} {
		if got := serve(h, request("GET", path, "Host", host)).Code; got != want {
			t.Errorf("host %q: %d, want %d", host, got, want)
		}
	}
	if got := serve(h, request("GET", "/healthz", "Host", "10.1.2.3:8080")).Code; got != 200 {
		t.Errorf("a probe by address: %d", got)
	}
	cfg.Hosts = []string{"*"}
	h, _, _ = guarded(t, cfg)
	if got := serve(h, request("GET", path, "Host", "anything")).Code; got != 200 {
		t.Errorf("with *: %d", got)
	}
}

func TestPagesOfOtherOriginsCannotWrite(t *testing.T) {
	cfg := DefaultConfig()
	cfg.CORSOrigins = []string{"https://panel.example.com"}
	h, _, _ := guarded(t, cfg)
	for name, c := range map[string]struct {
		method  string
		headers []string
		want    int
	}{
		"no browser":                        {"POST", nil, 200},
		"a page of ours":                    {"POST", []string{"Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"}, 200},
		"a page of another site":            {"POST", []string{"Origin", "https://evil.example.com", "Sec-Fetch-Site", "cross-site"}, 403},
		"a page of the same site":           {"POST", []string{"Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site"}, 403},
		"an old browser with another page":  {"POST", []string{"Origin", "https://evil.example.com"}, 403},
		"a sandboxed frame":                 {"POST", []string{"Origin", "null"}, 403},
		"a page of another site that reads": {"GET", []string{"Origin", "https://evil.example.com", "Sec-Fetch-Site", "cross-site"}, 200},
		"a configured origin":               {"POST", []string{"Origin", "https://panel.example.com", "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		if w := serve(h, request(c.method, path, c.headers...)); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
}

func TestOnlyConfiguredOriginsMayRead(t *testing.T) {
	cfg := DefaultConfig()
	h, _, _ := guarded(t, cfg)
	if w := serve(h, request("GET", path, "Origin", "https://panel.example.com")); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("an origin is let in by default")
	}
	cfg.CORSOrigins = []string{"https://panel.example.com"}
	h, _, _ = guarded(t, cfg)
	for origin, want := range map[string]string{"https://panel.example.com": "https://panel.example.com", "https://panel.example.com.evil.com": "", "http://panel.example.com": ""} {
		w := serve(h, request("GET", path, "Origin", origin))
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want || w.Header().Get("Vary") != "Origin" {
			t.Errorf("%s: %q", origin, got)
		}
	}
	w := serve(h, request("OPTIONS", path, "Origin", "https://panel.example.com", "Access-Control-Request-Method", "POST"))
	if w.Code != http.StatusNoContent || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
}

func TestAPanicIsAnsweredAndLoggedWithoutWhatItSays(t *testing.T) {
	h, log, _ := guarded(t, DefaultConfig())
	w := serve(h, request("GET", "/api/v1/customers/panic"))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "an error of ours") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	if text := log.String(); !strings.Contains(text, "handler panicked") || strings.Contains(text, "zhang@") || !strings.Contains(text, "guard_test.go") {
		t.Errorf("log: %s", text)
	}
	if w = serve(h, request("GET", "/api/v1/customers/late")); w.Code != http.StatusAccepted || strings.Contains(w.Body.String(), "error") {
		t.Errorf("after the answer began: %d: %s", w.Code, w.Body)
	}
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("an abort is not handed on")
			}
		}()
		serve(h, request("GET", "/api/v1/customers/abort"))
	}()
}

func TestTheLogNamesTheRouteAndNobody(t *testing.T) {
	h, log, _ := guarded(t, DefaultConfig())
	r := request("GET", path+"?name=zhang", "X-Request-Id", "abc-1")
	r.Header.Set("Authorization", "zhang")
	w := serve(h, r)
	var entry map[string]any
	if err := json.Unmarshal(log.Bytes(), &entry); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	if entry["route"] != "/api/v1/customers/{id}" || entry["status"] != 200.0 || entry["request_id"] != "abc-1" || entry["level"] != "debug" || strings.Contains(log.String(), "zhang") {
		t.Errorf("log: %s", log)
	}
	if w.Body.String() != "abc-1" || w.Header().Get("X-Request-Id") != "abc-1" {
		t.Errorf("id in the handler %q, in the answer %q", w.Body, w.Header().Get("X-Request-Id"))
	}
	for _, bad := range []string{"", "a b", "\"x", strings.Repeat("x", 65)} {
		if id := serve(h, request("GET", path, "X-Request-Id", bad)).Header().Get("X-Request-Id"); id == bad || len(id) < 20 {
			t.Errorf("id %q became %q", bad, id)
		}
	}
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	h, _, reg := guarded(t, DefaultConfig())
	for _, target := range []string{path, path, "/api/v1/customers/panic", "/nothing", "/else"} {
		serve(h, request("GET", target))
	}
	const want = `# HELP satisflow_http_requests_total HTTP requests that were answered, by route and status.
# TYPE satisflow_http_requests_total counter
satisflow_http_requests_total{code="200",route="/api/v1/customers/{id}"} 2
satisflow_http_requests_total{code="404",route="none"} 2
satisflow_http_requests_total{code="500",route="/api/v1/customers/{id}"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "satisflow_http_requests_total"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestAnswersTellBrowsersToBeCareful(t *testing.T) {
	h, _, _ := guarded(t, DefaultConfig())
	header := serve(h, request("GET", path)).Header()
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestWrongConfigurationsAreSaidToBeWrong(t *testing.T) {
	cfg := Config{Hosts: []string{"http://x", "ok.example.com", ""}, CORSOrigins: []string{"panel.example.com", "https://x/"}, TrustedProxies: []string{"10.0.0.1"}}
	const want = `hosts[0]: "http://x": want a host name without scheme and port
hosts[2]: "": want a host name without scheme and port
cors_origins[0]: "panel.example.com": want an origin such as https://panel.example.com
cors_origins[1]: "https://x/": want an origin such as https://panel.example.com
trusted_proxies[0]: "10.0.0.1": want a network such as 10.0.0.0/8
client_rate: 0: want more than 0
total_rate: 0: want more than 0
client_burst: 0: want at least 1
total_burst: 0: want at least 1
header_timeout: 0s: want more than 0
idle_timeout: 0s: want more than 0
body_timeout: 0s: want more than 0
answer_timeout: 0s: want more than 0`
	if err := cfg.Validate(); err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}
