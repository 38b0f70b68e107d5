package chaos_test

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"satisflow/cmd/internal/app"
	"satisflow/cmd/internal/proof/chaos"
	"satisflow/deploy/testkit"
)

// roleEnv turns this test binary into satisflow, for the processes of a run.
const roleEnv = "CHAOS_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.Exit(app.Execute(ctx, app.Invocation{Args: os.Args, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
}

// progress passes lines on to the test's log.
type progress struct {
	t  *testing.T
	mu sync.Mutex
}

func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Log(strings.TrimRight(string(text), "\n"))
	return len(text), nil
}

// short is a run of three quarters of a minute at most, on what the test kit fetches. The past is of two days, as it takes SQL
// over the facts longer to go through many days than through many facts.
func short(t *testing.T) chaos.Config {
	t.Helper()
	testkit.EngineLibrary(t)
	cfg := chaos.DefaultConfig()
	cfg.For, cfg.Rate, cfg.Stored, cfg.Days, cfg.Session, cfg.Calm = time.Second, 200, 200, 2, 1500*time.Millisecond, 100*time.Millisecond
	cfg.Recovery, cfg.Retention = false, false
	cfg.Dir = filepath.Join(t.TempDir(), "chaos")
	cfg.Program, cfg.Env, cfg.Progress = []string{"/proc/self/exe"}, []string{roleEnv + "=satisflow"}, &progress{t: t}
	return cfg
}

func run(t *testing.T, cfg chaos.Config) {
	t.Helper()
	report, err := chaos.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	if !report.OK() {
		logs, _ := filepath.Glob(filepath.Join(report.Dir, "processor-*.log"))
		for _, path := range logs {
			text, _ := os.ReadFile(path)
			t.Logf("%s ends:\n%s", filepath.Base(path), bytes.Join(lastLines(text, 30), []byte("\n")))
		}
		t.Errorf("seed %d: %s", cfg.Seed, strings.Join(report.Failures, "\n"))
	}
}

func lastLines(text []byte, n int) [][]byte {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return lines[max(0, len(lines)-n):]
}

func TestFiguresAreExactUnderFire(t *testing.T) {
	testkit.Require(t, "java", "install a Java runtime of version 17 or newer")
	testkit.KafkaJars(t)
	cfg := short(t)
	cfg.Broker = chaos.BrokerKafka
	// In this order, those that let no processor work come last, while the other loop has no step to wait for.
	cfg.Faults = []chaos.Fault{
		{Kind: chaos.KillProcessor, Aim: chaos.AfterFacts}, {Kind: chaos.KillProcessor, Aim: chaos.AmidPanes},
		{Kind: chaos.KillProcessor, Aim: chaos.BeforeCheckpoint}, {Kind: chaos.KillProcessor, Aim: chaos.BeforeCommit},
		{Kind: chaos.Zombie}, {Kind: chaos.Join},
		{Kind: chaos.LoseAnswers}, {Kind: chaos.CutKafka}, {Kind: chaos.HalfOpenStore}, {Kind: chaos.KillEngine}, {Kind: chaos.KillBroker},
	}
	run(t, cfg)
}

func TestTheEmbeddedBrokerStandsInForKafka(t *testing.T) {
	cfg := short(t)
	cfg.Broker, cfg.Retention = chaos.BrokerEmbedded, true
	cfg.Faults = []chaos.Fault{{Kind: chaos.KillProcessor}, {Kind: chaos.KillBroker}}
	run(t, cfg)
}

func TestARunThatCannotProveAnythingIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*chaos.Config)
		want   string
	}{
		"no time":        {func(c *chaos.Config) { c.For = 0 }, "for: 0s: want a time above 0"},
		"one processor":  {func(c *chaos.Config) { c.Processors = 1 }, "processors: 1: want 2 to 8"},
		"no ratings":     {func(c *chaos.Config) { c.Rate = 0 }, "rate: 0: want 10 to 5000"},
		"nothing stored": {func(c *chaos.Config) { c.Stored = 0 }, "stored: 0: want 100 to 5000000"},
		"no past":        {func(c *chaos.Config) { c.Days = 0 }, "days: 0: want 1 to 366"},
		"a broker that there is not": {func(c *chaos.Config) { c.Broker = "redpanda" },
			`broker: "redpanda": want auto, kafka or embedded`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := chaos.DefaultConfig()
			cfg.Program = []string{"satisflow"}
			c.change(&cfg)
			if _, err := chaos.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
