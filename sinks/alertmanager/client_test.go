package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

const hidden = "not-to-be-shown"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func configFor(urls ...string) Config {
	cfg := DefaultConfig()
	cfg.URLs, cfg.Timeout = urls, 5*time.Second
	return cfg
}

func open(t *testing.T, cfg Config, log io.Writer) *Client {
	t.Helper()
	c, err := New(cfg, prometheus.NewRegistry(), zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, status) }
}

func one(name string) []Alert { return []Alert{{Labels: map[string]string{"alertname": name}}} }

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhichAnswersAnotherPushMends(t *testing.T) {
	for _, c := range []struct {
		status    int
		permanent bool
	}{
		{400, true}, {413, true}, {422, true},
		{301, false}, {307, false}, {401, false}, {403, false}, {404, false}, {429, false}, {500, false}, {503, false},
	} {
		asked := 0
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if asked++; r.Method == http.MethodGet {
				return // what a redirected POST becomes
			}
			w.Header().Set("Location", "/elsewhere")
			http.Error(w, "why\nnot "+strings.Repeat("满", 1000), c.status)
		})
		err := open(t, configFor(url), io.Discard).Push(t.Context(), one("A"))
		var status *StatusError
		if !errors.As(err, &status) || status.Status != c.status || IsPermanent(err) != c.permanent || asked != 1 {
			t.Errorf("%d: got %v (permanent: %v) after %d requests", c.status, err, IsPermanent(err), asked)
			continue
		}
		if text := err.Error(); !strings.Contains(text, url+"/api/v2/alerts answers") || !strings.Contains(text, ": why not 满") || len(text) > 500 {
			t.Errorf("%d: %v", c.status, text)
		}
	}
}

func TestCredentialsAreReadForEachPushAndNeverShown(t *testing.T) {
	var want atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want.Load() {
			http.Error(w, "who are you", http.StatusUnauthorized)
		}
	})
	basic, token := configFor(url), configFor(url)
	basic.User, basic.PasswordFile = "satisflow", file(t, hidden+"\n")
	token.TokenFile = file(t, hidden)
	for _, c := range []struct {
		name, secret, header string
		cfg                  Config
	}{
		{"a user", basic.PasswordFile, "Basic c2F0aXNmbG93OmNoYW5nZWQ=", basic},
		{"a token", token.TokenFile, "Bearer changed", token},
	} {
		t.Run(c.name, func(t *testing.T) {
			want.Store(c.header)
			client := open(t, c.cfg, io.Discard)
			for _, err := range []error{client.Push(t.Context(), one("A")), client.Ready(t.Context())} {
				if err == nil || IsPermanent(err) || strings.Contains(err.Error(), hidden) {
					t.Fatalf("with a wrong secret: %v", err)
				}
			}
			if err := os.WriteFile(c.secret, []byte("changed\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(client.Push(t.Context(), one("A")), client.Ready(t.Context())); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(c.secret); err != nil {
				t.Fatal(err)
			}
			if err := client.Push(t.Context(), one("A")); err == nil || !strings.Contains(err.Error(), "_file: open "+c.secret) {
				t.Errorf("without the file: %v", err)
			}
		})
	}
}

func TestEachMemberOfAClusterGetsEachAlert(t *testing.T) {
	var got [2]atomic.Int64
	member := func(i int) string {
		return serve(t, func(_ http.ResponseWriter, r *http.Request) {
			var alerts []wire
			if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil || r.URL.Path != "/am/api/v2/alerts" {
				t.Errorf("%s: %v", r.URL, err)
			}
			got[i].Add(int64(len(alerts)))
		}) + "/am/"
	}
	cfg := configFor(member(0), member(1))
	cfg.BatchSize = 10
	client := open(t, cfg, io.Discard)
	var alerts []Alert
	for range 25 {
		alerts = append(alerts, one("A")...)
	}
	if err := client.Push(t.Context(), alerts); err != nil || got[0].Load() != 25 || got[1].Load() != 25 {
		t.Errorf("%v; %d and %d alerts", err, got[0].Load(), got[1].Load())
	}
	if n := testutil.ToFloat64(client.metrics.pushed.WithLabelValues(client.members[1].name)); n != 25 {
		t.Errorf("%v are counted", n)
	}
	if err := client.Push(t.Context(), nil); err != nil || got[0].Load() != 25 {
		t.Errorf("nothing to push: %v", err)
	}
}

func TestOneMemberIsEnoughAndTheOtherIsLogged(t *testing.T) {
	good, bad := serve(t, answer(200, "")), serve(t, answer(503, "starting"))
	var log bytes.Buffer
	cfg := configFor(bad, good)
	cfg.BatchSize = 1
	client := open(t, cfg, &log)
	if err := errors.Join(client.Push(t.Context(), append(one("A"), one("B")...)), client.Ready(t.Context())); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "answers 503") != 1 || !strings.Contains(text, bad) {
		t.Errorf("logged: %s", text)
	}
	if n := testutil.ToFloat64(client.metrics.failed.WithLabelValues(client.members[0].name)); n != 2 {
		t.Errorf("%v failures are counted, want both alerts", n)
	}
}

func TestAPushThatNoMemberTookIsPermanentOnlyWhenAllSaySo(t *testing.T) {
	wrong, away := serve(t, answer(400, "bad")), serve(t, answer(502, "away"))
	for _, c := range []struct {
		name      string
		urls      []string
		permanent bool
	}{
		{"all refuse it", []string{wrong, serve(t, answer(422, "bad"))}, true},
		{"one is away", []string{wrong, away}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := open(t, configFor(c.urls...), io.Discard).Push(t.Context(), one("A"))
			if err == nil || IsPermanent(err) != c.permanent {
				t.Errorf("got %v (permanent: %v)", err, IsPermanent(err))
			}
		})
	}
}

func TestAMemberThatHangsHoldsNobodyUp(t *testing.T) {
	release := make(chan struct{})
	hanging := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	cfg := configFor(hanging)
	cfg.Timeout, cfg.BatchSize = 100*time.Millisecond, 1
	begin := time.Now()
	err := open(t, cfg, io.Discard).Push(t.Context(), append(one("A"), append(one("B"), one("C")...)...))
	if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || IsPermanent(err) || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if strings.Count(err.Error(), hanging) != 1 {
		t.Errorf("the member is asked again for each batch: %v", err)
	}
}

func TestWhichConfigurationsAreRight(t *testing.T) {
	right := func(change func(*Config)) Config {
		c := configFor("http://127.0.0.1:9093")
		change(&c)
		return c
	}
	for _, c := range []struct {
		name string
		cfg  Config
		want string // in the error; empty: it is right
	}{
		{"the default pushes nothing", DefaultConfig(), ""},
		{"a cluster with a path", configFor("https://a.example.org/am1", "https://a.example.org/am2/"), ""},
		{"a member twice", configFor("http://a:9093", "http://a:9093/"), "urls: http://a:9093/: is there twice"},
		{"no scheme", configFor("127.0.0.1:9093"), "urls: "},
		{"another scheme", configFor("ftp://a"), `urls: "ftp://a": want http(s)://host:port`},
		{"a query", configFor("http://a/?x=1"), `urls: "http://a/?x=1": want`},
		{"a password in the address", configFor("http://u:" + hidden + "@a"), "urls: http://u:xxxxx@a: holds a user: want it in user and password_file"},
		{"a password in no address", configFor("http://u:" + hidden + "@a b/%"), "urls: one is no URL"},
		{"no time", right(func(c *Config) { c.Timeout = 0 }), "timeout: 0s: want more than 0"},
		{"no batch", right(func(c *Config) { c.BatchSize = 0 }), "batch_size: 0: want at least 1"},
		{"a user without password", right(func(c *Config) { c.User = "u" }), `password_file: "" with user "u": want both or neither`},
		{"a user and a token", right(func(c *Config) { c.User, c.PasswordFile, c.TokenFile = "u", "p", "t" }), `token_file: "t" beside user "u": want one of them`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.cfg.Validate()
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), hidden)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnAuthorityIsTrustedWhenItIsNamed(t *testing.T) {
	server := httptest.NewTLSServer(answer(200, ""))
	defer server.Close()
	server.Config.ErrorLog = nil
	cfg := configFor(server.URL)
	if err := open(t, cfg, io.Discard).Push(t.Context(), one("A")); err == nil || IsPermanent(err) {
		t.Errorf("an unknown authority is trusted: %v", err)
	}
	cfg.CAFile = file(t, pemOf(server))
	if err := open(t, cfg, io.Discard).Push(t.Context(), one("A")); err != nil {
		t.Error(err)
	}
	cfg.CAFile = file(t, "none")
	if _, err := New(cfg, prometheus.NewRegistry(), zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("got %v", err)
	}
}
