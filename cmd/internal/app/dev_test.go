package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"satisflow/cmd/internal/config"
	"satisflow/deploy/testkit"
	"satisflow/sinks/clickhouse/engine/child"
)

// dev is a running satisflow dev.
type dev struct {
	t      *testing.T
	dir    string
	out    *transcript
	self   *child.Process
	config config.Config
	engine int // process id
}

// transcript is what a process writes.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command is the program with free ports and its data in dir.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	args = append([]string{"dev", "--dir", dir, "--listen", "127.0.0.1:0", "--kafka-port", "0", "--clickhouse-port", "0", "--watch=false"}, args...)
	cmd := exec.Command(binary(t), args...)
	// The engine knows no zone of this name, which is a common one in China.
	cmd.Env = append(os.Environ(), "SATISFLOW_CHDB_LIB="+testkit.EngineLibrary(t), "TZ=CST-8")
	return cmd
}

func startDev(t *testing.T, dir string, args ...string) *dev {
	t.Helper()
	d := &dev{t: t, dir: dir, out: new(transcript)}
	cmd := command(t, dir, args...)
	cmd.Stdout, cmd.Stderr = d.out, d.out
	begin := time.Now()
	var err error
	if d.self, err = child.Start("dev", cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.kill)
	for !strings.Contains(d.out.String(), "Try next") {
		select {
		case <-d.self.Done():
			t.Fatal(d.self.Wait())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("dev is not ready:\n%s", d.out)
		}
	}
	took := time.Since(begin)
	t.Logf("ready in %s", took.Round(10*time.Millisecond))
	if took > 10*time.Second {
		t.Errorf("ready after %s, want 10s at most", took)
	}
	loaded, err := config.Load(config.Sources{File: filepath.Join(dir, "connect.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	d.config = loaded.Config
	d.engine = childOf(t, d.self.PID(), "satisflow")
	return d
}

func (d *dev) kill() {
	d.t.Helper()
	if err := d.self.Kill(); err != nil {
		d.t.Error(err)
	}
}

// stop ends dev as Ctrl-C does.
func (d *dev) stop() {
	d.t.Helper()
	begin := time.Now()
	if err := d.self.Signal(os.Interrupt); err != nil {
		d.t.Fatal(err)
	}
	err := d.wait()
	took := time.Since(begin)
	d.t.Logf("ended in %s", took.Round(10*time.Millisecond))
	if err != nil || took > 5*time.Second {
		d.t.Errorf("ended after %s with %v, want 5s at most and no error", took, err)
	}
	if alive(d.engine) {
		d.t.Errorf("the engine, process %d, is still there", d.engine)
	}
}

// wait returns how dev ended.
func (d *dev) wait() error {
	d.t.Helper()
	select {
	case <-d.self.Done():
	case <-time.After(10 * time.Second):
		d.t.Fatalf("dev did not end:\n%s", d.out)
	}
	return d.self.Wait()
}

func (d *dev) url(path string) string { return "http://" + d.config.Gateway.Listen + path }

// rate sends ratings and returns when they are accepted.
func (d *dev) rate(n int) {
	d.t.Helper()
	var body bytes.Buffer
	for i := range n {
		fmt.Fprintf(&body, `{"customer_id":"C-%d","service":"data_analysis","rating":4.5}`+"\n", i)
	}
	response, err := http.Post(d.url("/api/v1/enterprise-satisfaction/satisfaction/record"), "application/x-ndjson", &body)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		d.t.Fatalf("record: %s\n%s", response.Status, answer)
	}
}

// awaitResponses waits until the figures show that many.
func (d *dev) awaitResponses(want int) {
	d.t.Helper()
	got := -1
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = d.responses(); got == want {
			return
		}
	}
	d.t.Fatalf("the figures show %d responses, want %d\n%s", got, want, d.out)
}

func (d *dev) responses() int {
	d.t.Helper()
	response, err := http.Get(d.url("/api/v1/enterprise-satisfaction/satisfaction/analytics?window=28d"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	var figures struct{ Overall struct{ Responses int } }
	if err := json.NewDecoder(response.Body).Decode(&figures); err != nil || response.StatusCode != http.StatusOK {
		d.t.Fatalf("analytics: %s: %v", response.Status, err)
	}
	return figures.Overall.Responses
}

// verify runs the command beside dev.
func (d *dev) verify() {
	d.t.Helper()
	out, err := exec.Command(binary(d.t), "verify", "--config", filepath.Join(d.dir, "connect.yaml")).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "\nno difference\n") {
		d.t.Errorf("verify: %v\n%s", err, out)
	}
}

// childOf is the process of that name which the process started.
func childOf(t *testing.T, pid int, name string) int {
	t.Helper()
	var children []int
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		comm, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "comm")) // one that is gone is no child
		if id, parent := ids(path); parent == pid && strings.TrimSpace(string(comm)) == name {
			children = append(children, id)
		}
	}
	if len(children) != 1 {
		t.Fatalf("dev has the children %v named %s, want one", children, name)
	}
	return children[0]
}

// ids are a process's own and its parent's; zombies have none.
func ids(stat string) (pid, parent int) {
	content, err := os.ReadFile(stat)
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(content[bytes.LastIndexByte(content, ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 2 || fields[0] == "Z" {
		return 0, 0
	}
	pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(stat)))
	parent, _ = strconv.Atoi(fields[1])
	return pid, parent
}

func alive(pid int) bool {
	id, _ := ids(fmt.Sprintf("/proc/%d/stat", pid))
	return id == pid
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func TestDevGoesOnWhereItEndedHoweverItEnded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := startDev(t, dir)
	d.rate(2)
	d.awaitResponses(2)
	d.verify()
	d.stop()

	d = startDev(t, dir)
	d.awaitResponses(2)
	d.rate(3) // accepted, and killed before they can be flushed
	d.kill()
	awaitGone(t, d.engine)

	d = startDev(t, dir)
	d.awaitResponses(5)
	d.rate(1)
	engine, err := os.FindProcess(d.engine)
	if err := errors.Join(err, engine.Kill()); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := d.wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("got %v, want exit code %d", err, exitFailed)
	}
	if text := d.out.String(); strings.Count(text, "error:") != 1 || !strings.Contains(text, "embedded ClickHouse: clickhouse engine ended: signal: killed") {
		t.Errorf("want the reason once:\n%s", text)
	}

	d = startDev(t, dir)
	d.awaitResponses(6)
	d.verify()
	d.stop()
}

func TestTheDemoSendsItsHistoryOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := startDev(t, dir, "--demo")
	const least = 8_000
	sent := func() bool { _, err := os.Stat(filepath.Join(dir, demoMark)); return err == nil }
	got := 0
	for end := time.Now().Add(time.Minute); !sent() || got < least; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the figures show %d responses, want %d or more\n%s", got, least, d.out)
		}
		got = d.responses()
	}
	d.stop()

	d = startDev(t, dir, "--demo")
	time.Sleep(2 * time.Second)
	if again := d.responses(); again < got || again > got+least/2 {
		t.Errorf("%d responses became %d: the history was sent again", got, again)
	}
	d.stop()
}

func TestASecondDevOnTheSameFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	startDev(t, dir)
	wantError(t, command(t, dir), exitFailed, "is in use by another satisflow dev (process", "end that one, or name another folder by --dir")
}

func TestDevSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	newer := t.TempDir()
	if err := os.WriteFile(filepath.Join(newer, "version.json"), []byte(`{"layout": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	usedBy := fmt.Sprintf("port %s is in use by app.test (process %d)", port, os.Getpid())
	for _, c := range []struct {
		name string
		dir  string
		args []string
		code int
		want []string
	}{
		{"port of the gateway", "", []string{"--listen", "127.0.0.1:" + port}, exitFailed, []string{usedBy, "give another port by --listen"}},
		{"port of Kafka", "", []string{"--kafka-port", port}, exitFailed, []string{usedBy, "give another port by --kafka-port"}},
		{"port of ClickHouse", "", []string{"--clickhouse-port", port}, exitFailed, []string{usedBy, "give another port by --clickhouse-port"}},
		{"newer data", newer, nil, exitFailed, []string{"is of a newer satisflow", "use the newer satisflow, or name another folder by --dir"}},
		{"not loopback", "", []string{"--listen", "0.0.0.0:8080"}, exitUsage, []string{"dev has no sign-in and serves loopback only"}},
		{"no such flag", "", []string{"--lisen", "x"}, exitUsage, []string{"unknown flag: --lisen", "`satisflow dev --help` lists the flags"}},
		{"no such service", "", []string{"--services", ""}, exitUsage, []string{"flag --services: event.services: empty: name at least one service"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.dir == "" {
				c.dir = t.TempDir()
			}
			wantError(t, command(t, c.dir, c.args...), c.code, c.want...)
		})
	}
}

func TestWithoutNpmDevSaysWhatToInstall(t *testing.T) {
	cmd := command(t, t.TempDir())
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH="}
	wantError(t, cmd, exitUnavailable, "npm, which fetches it, is missing: install Node.js with npm, or set SATISFLOW_CHDB_LIB")
}

func TestWithoutAHomeDevSaysWhatToSet(t *testing.T) {
	cmd := command(t, t.TempDir())
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	wantError(t, cmd, exitUnavailable, "set HOME or XDG_CACHE_HOME, or set SATISFLOW_CHDB_LIB")
}

func TestWithoutANetworkDevSaysSoAtOnce(t *testing.T) {
	testkit.Require(t, "npm", "apt-get install npm")
	cmd := command(t, t.TempDir())
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "npm_config_registry=http://127.0.0.1:1"}
	begin := time.Now()
	wantError(t, cmd, exitUnavailable, "fetching the ClickHouse engine", "178 MB", "npm does not reach its registry")
	if took := time.Since(begin); took > 8*time.Second { // npm alone takes 10 s to its first attempt again
		t.Errorf("took %s", took)
	}
}

// wantError runs the command and expects one message with the parts, and nothing on standard output.
func wantError(t *testing.T, cmd *exec.Cmd, code int, parts ...string) {
	t.Helper()
	var out, message bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &message
	_ = cmd.Run() // the exit code says it
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	if strings.Count(message.String(), "error:") != 1 || out.Len() > 0 {
		t.Errorf("want one message, got\n%s%s", out.String(), message.String())
	}
	for _, part := range parts {
		if !strings.Contains(message.String(), part) {
			t.Errorf("got  %s\nwant %s", message.String(), part)
		}
	}
}
