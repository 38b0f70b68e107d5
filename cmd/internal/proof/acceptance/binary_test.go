package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"satisflow/deploy/testkit"
)

// program is the built satisflow.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "satisflow-acceptance-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "satisflow")
	build := exec.Command("go", "build", "-o", program, "satisflow/cmd/satisflow")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build satisflow: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running satisflow.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	done chan error

	mu  sync.Mutex
	out bytes.Buffer // stdout and stderr
}

// start runs satisflow with the arguments; it is killed at the end of the test.
func start(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), done: make(chan error, 1)}
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "SATISFLOW_CHDB_LIB="+testkit.EngineLibrary(t))
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("satisflow %s:\n%s", strings.Join(args, " "), p.output())
		}
	})
	return p
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	select {
	case <-p.done:
		p.done <- nil
	case <-time.After(10 * time.Second):
		p.t.Error("the process did not die")
	}
}

// await waits until the output matches, and returns the first group of the match.
func (p *process) await(pattern string, within time.Duration) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.Now().Add(within)
	for time.Now().Before(deadline) {
		if m := re.FindStringSubmatch(p.output()); m != nil {
			return m[len(m)-1]
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("no %q within %v in:\n%s", pattern, within, p.output())
	return ""
}

// run runs a command to its end and returns its output and exit code.
func run(t testing.TB, dir string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// site is a running satisflow dev, as a user meets it: by HTTP.
type site struct {
	t       testing.TB
	dir     string
	url     string
	process *process
}

func startDev(t testing.TB, args ...string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.process = start(t, s.dir, append([]string{"dev", "--listen", "127.0.0.1:0", "--kafka-port", "0", "--clickhouse-port", "0", "--watch=false"}, args...)...)
	s.url = s.process.await(`API +(http://\S+)`, 60*time.Second)
	return s
}

const api = "/api/v1/enterprise-satisfaction/satisfaction"

// post sends JSON and returns the answer's status and body.
func (s *site) post(path, body string) (int, map[string]any) {
	s.t.Helper()
	return s.do(http.MethodPost, path, body)
}

func (s *site) get(path string) (int, map[string]any) {
	s.t.Helper()
	return s.do(http.MethodGet, path, "")
}

func (s *site) do(method, path, body string) (int, map[string]any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		s.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	return resp.StatusCode, answer
}

// at walks into an answer: at(a, "overall", "responses").
func at(answer any, path ...string) any {
	for _, name := range path {
		m, ok := answer.(map[string]any)
		if !ok {
			return nil
		}
		answer = m[name]
	}
	return answer
}

// eventually asks until the answer holds.
func (s *site) eventually(path string, holds func(map[string]any) bool) map[string]any {
	s.t.Helper()
	var answer map[string]any
	for range 200 {
		if _, answer = s.get(path); holds(answer) {
			return answer
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("GET %s: still %v", path, answer)
	return nil
}

// scrape adds up the samples of a metric whose labels contain all of the texts.
func scrape(t testing.TB, url, metric string, labels ...string) float64 {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	total := 0.0
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		name, rest, _ := strings.Cut(line, " ")
		if name != metric && !strings.HasPrefix(name, metric+"{") {
			continue
		}
		matches := true
		for _, l := range labels {
			matches = matches && strings.Contains(name, l)
		}
		if v, err := strconv.ParseFloat(rest, 64); err == nil && matches {
			total += v
		}
	}
	return total
}
