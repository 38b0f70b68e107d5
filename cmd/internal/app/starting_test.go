package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/deploy/testkit"
)

// starter is a role that runs in this process.
type starter struct {
	t    *testing.T
	url  string
	out  *transcript
	stop context.CancelFunc
	code chan int
}

// startRole runs the command until the test ends and returns when it says where it listens.
func startRole(t *testing.T, args ...string) *starter {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &starter{t: t, out: new(transcript), stop: cancel, code: make(chan int, 1)}
	args = append([]string{"satisflow"}, append(args, "--listen", "127.0.0.1:0", "--log.format", "json")...)
	go func() {
		s.code <- Execute(ctx, Invocation{Args: args, Stdin: strings.NewReader(""), Stdout: s.out, Stderr: s.out})
	}()
	t.Cleanup(cancel)
	address := regexp.MustCompile(`"address":"([^"]+)"`)
	s.until("the address", func() bool { return address.MatchString(s.out.String()) })
	s.url = "http://" + address.FindStringSubmatch(s.out.String())[1]
	return s
}

func (s *starter) until(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not within 30 s: %s\n%s", what, s.out)
		}
	}
}

// ended returns the exit code.
func (s *starter) ended() int {
	s.t.Helper()
	select {
	case code := <-s.code:
		return code
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the role does not end\n%s", s.out)
		return 0
	}
}

// ask sends a request; an answer must come, whatever it is.
func (s *starter) ask(method, path, body string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("a gap: %v", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(answer)
}

// ready returns the status of /readyz and what it says of each part: empty when it is well.
func (s *starter) ready() (int, map[string]string) {
	s.t.Helper()
	resp, body := s.ask(http.MethodGet, "/readyz", "")
	var r api.Readiness
	if err := json.Unmarshal([]byte(body), &r); err != nil || (r.Status == "ok") != (resp.StatusCode == http.StatusOK) {
		s.t.Fatalf("readyz: %d %s", resp.StatusCode, body)
	}
	parts := map[string]string{}
	for _, p := range r.Parts {
		if p.OK != (p.Error == "") || p.Since.IsZero() {
			s.t.Errorf("readyz: %+v", p)
		}
		parts[p.Name] = p.Error
	}
	return resp.StatusCode, parts
}

func (s *starter) wantMetrics(lines ...string) {
	s.t.Helper()
	_, text := s.ask(http.MethodGet, "/metrics", "")
	for _, l := range lines {
		if !strings.Contains(text, "\n"+l) {
			s.t.Errorf("/metrics lacks %s", l)
		}
	}
}

// wantWaiting expects the API to say that it is not there yet, and for what it waits.
func (s *starter) wantWaiting(what string) {
	s.t.Helper()
	for _, c := range [][2]string{
		{http.MethodPost, record}, {http.MethodGet, strings.Replace(record, "record", "analytics", 1)}, {http.MethodGet, "/openapi.json"},
	} {
		resp, body := s.ask(c[0], c[1], `{"customer_id":"C","service":"data_analysis","rating":4}`)
		var p problem.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != http.StatusServiceUnavailable || p.Status != resp.StatusCode ||
			resp.Header.Get("Retry-After") != "10" || resp.Header.Get("Content-Type") != problem.ContentType || resp.Header.Get("X-Content-Type-Options") == "" {
			s.t.Errorf("%v: %d %v %s", c, resp.StatusCode, resp.Header, body)
		}
		if want := "the gateway is starting and waits for " + what; !strings.HasPrefix(p.Detail, want) {
			s.t.Errorf("%v: %q, want %q", c, p.Detail, want)
		}
	}
}

const record = "/api/v1/enterprise-satisfaction/satisfaction/record"

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func startBroker(t *testing.T, address string, opts ...kfake.Opt) {
	t.Helper()
	broker, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return net.Listen("tcp", address) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
}

func TestARoleServesFromItsFirstMomentAndGetsReadyWithoutAGap(t *testing.T) {
	engine, brokers := testkit.StartClickHouse(t, testkit.EngineOptions{}), freeAddress(t)
	dsn := engine.DSN("satisflow")
	engine.Kill()
	s := startRole(t, "serve", "--brokers", brokers, "--clickhouse", dsn, "--migrate")
	const topic = "Kafka with the topic ratings (--migrate makes it where it is missing)"
	s.until("an attempt at both", func() bool { _, parts := s.ready(); return parts["clickhouse"] == "clickhouse does not answer" })
	if resp, body := s.ask(http.MethodGet, "/healthz", ""); resp.StatusCode != http.StatusOK || body != `{"status":"ok"}`+"\n" {
		t.Errorf("healthz: %d %s", resp.StatusCode, body)
	}
	code, parts := s.ready()
	if code != http.StatusServiceUnavailable || parts["kafka"] == "" || parts["gateway"] != "the gateway is starting and waits for "+topic+" and ClickHouse" {
		t.Errorf("readyz: %d %v", code, parts)
	}
	s.wantMetrics(`satisflow_up{part="kafka"} 0`, `satisflow_up{part="clickhouse"} 0`, "satisflow_build_info{", "process_start_time_seconds ")
	s.wantWaiting(topic + " and ClickHouse")

	startBroker(t, brokers)
	s.until("Kafka to be found", func() bool { code, parts = s.ready(); return parts["kafka"] == "" })
	if code != http.StatusServiceUnavailable || parts["gateway"] != "the gateway is starting and waits for ClickHouse" {
		t.Errorf("readyz: %d %v", code, parts)
	}
	s.wantMetrics(`satisflow_up{part="kafka"} 1`, `satisflow_up{part="clickhouse"} 0`)
	s.wantWaiting("ClickHouse")

	engine.Start()
	s.until("the role to be ready", func() bool { code, _ := s.ready(); return code == http.StatusOK })
	if resp, body := s.ask(http.MethodPost, record, `{"customer_id":"C","service":"data_analysis","rating":4}`); resp.StatusCode != http.StatusOK {
		t.Errorf("record: %d %s", resp.StatusCode, body)
	}
	s.wantMetrics(`satisflow_up{part="kafka"} 1`, `satisflow_up{part="clickhouse"} 1`)
	s.stop()
	if code := s.ended(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	for text, want := range map[string]int{`"message":"waiting for Kafka`: 1, `"message":"waiting for ClickHouse`: 1, ` is there"`: 2, `"message":"serving"`: 1} {
		if got := strings.Count(s.out.String(), text); got != want {
			t.Errorf("%s was logged %d times, want %d\n%s", text, got, want, s.out)
		}
	}
}

func TestAProcessorThatWaitsIsNotReadyAndHasNoAPI(t *testing.T) {
	s := startRole(t, "processor", "--brokers", freeAddress(t), "--clickhouse", "http://"+freeAddress(t)+"/satisflow")
	if code, parts := s.ready(); code != http.StatusServiceUnavailable || !strings.HasPrefix(parts["processor"], "the processor is starting and waits for Kafka") {
		t.Errorf("readyz: %d %v", code, parts)
	}
	if resp, _ := s.ask(http.MethodPost, record, "{}"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("record: %s", resp.Status)
	}
	s.stop()
	if code := s.ended(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestASignalEndsARoleThatWaitsAsOneThatRuns(t *testing.T) {
	for _, role := range []string{"processor", "gateway", "serve"} {
		for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			t.Run(fmt.Sprint(role, " ", signal), func(t *testing.T) {
				out := new(transcript)
				cmd := exec.Command(binary(t), role, "--brokers", freeAddress(t), "--clickhouse", "http://"+freeAddress(t)+"/satisflow", "--listen", "127.0.0.1:0")
				cmd.Stdout, cmd.Stderr = out, out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				for range 500 {
					if strings.Contains(out.String(), "waiting for") {
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
				if err := cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "waiting for") {
					t.Errorf("%v, want exit code 0\n%s", err, out)
				}
			})
		}
	}
}

func TestWhatNoRetryCanMendEndsARoleThatWaits(t *testing.T) {
	db, broker := testkit.ClickHouse(t), freeAddress(t)
	startBroker(t, broker, kfake.SeedTopics(2, "ratings"))
	wrong := regexp.MustCompile(`:[^:@]+@`).ReplaceAllString(db.DSN, ":wrong@")
	for name, c := range map[string]struct {
		brokers, dsn, want string
		code               int
	}{
		"a wrong password, and no Kafka": {freeAddress(t), wrong, "connect to http://", exitFailed},
		"a schema that is not there":     {broker, db.DSN, "the database lacks ", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var messages bytes.Buffer
			code := Execute(ctx, Invocation{
				Args:  []string{"satisflow", "gateway", "--brokers", c.brokers, "--clickhouse", c.dsn, "--listen", "127.0.0.1:0", "--log.level", "error"},
				Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &messages,
			})
			if code != c.code || !strings.HasPrefix(messages.String(), "error: "+c.want) {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, messages.String())
			}
		})
	}
}
