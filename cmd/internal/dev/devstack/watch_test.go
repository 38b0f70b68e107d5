package devstack

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"satisflow/deploy/testkit"
)

func TestWatchersThatAreNotInstalledAreToldApart(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := open(t, t.TempDir())
	if _, err := Prometheus(t.Context(), dir, PrometheusConfig{}); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
	if _, err := Alertmanager(t.Context(), dir, 0, nil); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
}

// fakeProgram puts a program on the PATH that does what the script says.
func fakeProgram(t *testing.T, name, script string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
}

func TestAWatcherNamesAPortInUseAndItsFlag(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	fakeProgram(t, "alertmanager", "sleep 60")
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	n, _ := strconv.Atoi(port)
	if _, err := Alertmanager(t.Context(), open(t, t.TempDir()), n, nil); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "--alertmanager-port") {
		t.Errorf("got %v", err)
	}
}

// running runs a watcher and tells of every end of its program; the function that it returns ends it.
func running(t *testing.T, w *Watcher) (ends <-chan error, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	told, done := make(chan error, 100), make(chan error, 1)
	go func() { done <- w.Run(ctx, func(err error, _ time.Duration) { told <- err }) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return told, stop
}

func TestAWatcherThatFailsSaysItsLastLinesAndIsStartedAgain(t *testing.T) {
	fakeProgram(t, "prometheus", "echo 'no such option' >&2; exit 2")
	w, err := Prometheus(t.Context(), open(t, t.TempDir()), PrometheusConfig{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var pauses []time.Duration
	err = w.Run(ctx, func(err error, pause time.Duration) {
		if err == nil || !strings.Contains(err.Error(), "Prometheus ended: exit status 2") || !strings.Contains(err.Error(), "no such option") {
			t.Errorf("got %v", err)
		}
		if pauses = append(pauses, pause); len(pauses) == 2 {
			cancel()
		}
	})
	if err != nil || !slices.Equal(pauses, []time.Duration{firstRestart, 2 * firstRestart}) {
		t.Errorf("%v after pauses of %v", err, pauses)
	}
}

func TestAWatcherThatDoesNotEndIsKilled(t *testing.T) {
	fakeProgram(t, "prometheus", "trap '' TERM; while :; do sleep 0.1; done")
	w, err := Prometheus(t.Context(), open(t, t.TempDir()), PrometheusConfig{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := w.Run(ctx, func(err error, _ time.Duration) { t.Error(err) }); err != nil || time.Since(begin) > watcherStopTime+5*time.Second {
		t.Errorf("ended after %v with %v", time.Since(begin), err)
	}
}

// pair is a Prometheus and an Alertmanager as dev starts them, with their data in a folder whose name is a pattern.
func pair(t *testing.T) (prometheus, alertmanager *Watcher) {
	t.Helper()
	testkit.Require(t, "prometheus", "apt-get install prometheus")
	testkit.Require(t, "prometheus-alertmanager", "apt-get install prometheus-alertmanager")
	dir := open(t, filepath.Join(t.TempDir(), "x[ab]*"))
	alertmanager, err := Alertmanager(t.Context(), dir, 0, []byte("{route: {receiver: none}, receivers: [{name: none}]}"))
	if err != nil {
		t.Fatal(err)
	}
	prometheus, err = Prometheus(t.Context(), dir, PrometheusConfig{Target: "127.0.0.1:1", Job: "satisflow-processor", Interval: time.Second, Alertmanager: alertmanager,
		Rules: []byte("groups: [{name: g, interval: 1s, rules: [{alert: Always, expr: vector(1), for: 7s, labels: {severity: page}}]}]")})
	if err != nil {
		t.Fatal(err)
	}
	return prometheus, alertmanager
}

// ask sends a request and returns its status, its headers and its body; the pairs are headers, Host among them.
func ask(t *testing.T, method, url, body string, headers ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(content)
}

// await asks until the answer holds the text.
func await(t *testing.T, url, text string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		status, _, body := ask(t, http.MethodGet, url, "")
		if last = body; status == http.StatusOK && strings.Contains(body, text) {
			return
		}
	}
	t.Fatalf("%s does not show %s: %s", url, text, last)
}

const silence = `{"matchers":[{"name":"alertname","value":".+","isRegex":true,"isEqual":true}],"startsAt":"2020-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"x","comment":"x"}`

func TestAPageOfAnotherSiteNeitherSilencesNorReadsTheWatchers(t *testing.T) {
	prometheus, alertmanager := pair(t)
	running(t, alertmanager)
	await(t, alertmanager.URL()+"/-/ready", "")
	running(t, prometheus)
	await(t, prometheus.URL()+"/api/v1/rules", "Always")
	await(t, alertmanager.URL()+"/api/v2/alerts", "Always") // Prometheus reaches it through its gate

	const evil = "http://evil.example.com"
	silences := alertmanager.URL() + "/api/v2/silences"
	for name, headers := range map[string][]string{
		"a fetch":           {"Origin", evil, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json"},
		"an old browser":    {"Origin", evil, "Content-Type", "application/json"},
		"without preflight": {"Origin", evil, "Content-Type", "text/plain"},
		"another port":      {"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site", "Content-Type", "application/json"},
		"a sandboxed frame": {"Origin", "null", "Content-Type", "application/json"},
		"a rebound name":    {"Origin", evil, "Host", "evil.example.com", "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"},
		"a name like ours":  {"Host", "localhost.evil.example.com", "Content-Type", "application/json"},
	} {
		if status, header, body := ask(t, http.MethodPost, silences, silence, headers...); status != http.StatusForbidden && status != http.StatusMisdirectedRequest || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s silences: %d %s", name, status, body)
		}
	}
	if _, _, body := ask(t, http.MethodGet, silences, ""); strings.TrimSpace(body) != "[]" {
		t.Errorf("there is a silence: %s", body)
	}
	for _, url := range []string{prometheus.URL() + "/api/v1/query?query=up", alertmanager.URL() + "/api/v2/alerts", alertmanager.URL() + "/metrics"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			_, header, _ := ask(t, method, url, "", "Origin", evil, "Access-Control-Request-Method", "POST")
			for name := range header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s allows a page of %s to read: %s: %s", method, url, evil, name, header.Get(name))
				}
			}
			if header.Get("Cross-Origin-Resource-Policy") != "same-origin" && method == http.MethodGet || header.Get("X-Frame-Options") != "DENY" && method == http.MethodGet {
				t.Errorf("%s %s may be embedded: %v", method, url, header)
			}
		}
		if status, _, body := ask(t, http.MethodGet, url, "", "Host", "evil.example.com:9090"); status != http.StatusMisdirectedRequest || strings.Contains(body, "status") {
			t.Errorf("%s under a rebound name: %d %s", url, status, body)
		}
		behind := *prometheus.gate.target.Load()
		if strings.HasPrefix(url, alertmanager.URL()) {
			behind = *alertmanager.gate.target.Load()
		}
		if status, _, _ := ask(t, http.MethodGet, behind.String()+"/api/v2/silences", "", "Origin", evil); status != http.StatusUnauthorized {
			t.Errorf("the port behind the gate answers %d without the password", status)
		}
	}

	for name, headers := range map[string][]string{
		"our own page": {"Origin", alertmanager.URL(), "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"},
		"a program":    {"Content-Type", "application/json"},
		"by localhost": {"Host", strings.Replace(alertmanager.address, "127.0.0.1", "localhost", 1), "Content-Type", "application/json"},
	} {
		if status, _, body := ask(t, http.MethodPost, silences, silence, headers...); status != http.StatusOK {
			t.Errorf("%s cannot silence: %d %s", name, status, body)
		}
	}
}

func TestWatchersThatDieAreStartedAgainOnTheirPort(t *testing.T) {
	prometheus, alertmanager := pair(t)
	for _, w := range []*Watcher{prometheus, alertmanager} {
		ends, stop := running(t, w)
		await(t, w.URL()+"/-/ready", "")
		for range 2 {
			kill(t, w)
			select {
			case err := <-ends:
				if err == nil || !strings.Contains(err.Error(), w.name+" ended: signal: killed") {
					t.Errorf("told %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Fatalf("nothing is told of the end of %s", w.name)
			}
			await(t, w.URL()+"/-/ready", "")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if status, _, _ := ask(t, http.MethodGet, w.URL()+"/-/ready", ""); status != 0 {
			t.Errorf("%s still answers %d", w.name, status)
		}
	}
}

// kill ends the program of a watcher, and no other.
func kill(t *testing.T, w *Watcher) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		line, _ := os.ReadFile(path) // one that is gone is another one
		if !strings.Contains(string(line), "--web.listen-address="+w.gate.target.Load().Host+"\x00") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("%s does not run", w.name)
}

func TestPromtoolAcceptsTheConfigurationOfDev(t *testing.T) {
	promtool := testkit.Require(t, "promtool", "apt-get install prometheus")
	testkit.Require(t, "prometheus", "apt-get install prometheus")
	testkit.Require(t, "prometheus-alertmanager", "apt-get install prometheus-alertmanager")
	dir := open(t, t.TempDir())
	alerts, err := Alertmanager(t.Context(), dir, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Prometheus(t.Context(), dir, PrometheusConfig{
		Target: "127.0.0.1:8080", Job: "satisflow-processor", Interval: 250 * time.Millisecond, Alertmanager: alerts,
		Rules: []byte("groups: [{name: g, rules: [{record: a, expr: b}]}]"),
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(promtool, "check", "config", dir.Path("prometheus.yml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1 rule files found") {
		t.Errorf("%v\n%s", err, out)
	}
}
