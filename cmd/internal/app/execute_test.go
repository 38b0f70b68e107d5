package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/sinks/clickhouse/engine"
)

var update = flag.Bool("update", false, "write the golden files")

// execute runs a command in this process.
func execute(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, messages bytes.Buffer
	code = Execute(t.Context(), Invocation{
		Args: append([]string{"satisflow"}, args...), Environ: environ, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &messages,
	})
	return code, out.String(), messages.String()
}

func TestTheHelpIsThatOfTheGoldenFile(t *testing.T) {
	for name, args := range map[string][]string{"help": {"--help"}, "help-dev": {"dev", "--help"}} {
		path := filepath.Join("testdata", name+".txt")
		code, got, messages := execute(t, nil, args...)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) || code != exitDone || messages != "" {
			t.Errorf("%s is stale (%v): go test ./cmd/internal/app -run Golden -update\n%s%s", path, err, got, messages)
		}
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.Contains(cmd.Short, "\n") || cmd.Long == "" {
			t.Errorf("%s: want a summary of one line and a long help", cmd.CommandPath())
		}
		if cmd.Example == "" && !cmd.Hidden && cmd.HasParent() && cmd.RunE != nil {
			t.Errorf("%s: want an example", cmd.CommandPath())
		}
		if cmd.HasParent() && !cmd.Hidden && cmd.Parent().Name() == "satisflow" && cmd.GroupID == "" {
			t.Errorf("%s: want a place in the help", cmd.CommandPath())
		}
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if len([]rune(line)) > 100 {
				t.Errorf("%s: the line %q is too long for a terminal", cmd.CommandPath(), line)
			}
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(newRootCommand(newShell(Invocation{Args: []string{"satisflow"}})))
}

func TestExitCodesTellWhatHelps(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		err  error
		ctx  context.Context
		want int
	}{
		{nil, t.Context(), 0},
		{errors.New("broken"), t.Context(), 1},
		{errDiffers, t.Context(), 1},
		{usageError(errors.New("no")), t.Context(), 2},
		{fmt.Errorf("load: %w", config.Problems{{Message: "no"}}), t.Context(), 2},
		{fmt.Errorf("start: %w", unavailable(errors.New("no"))), t.Context(), 3},
		{fmt.Errorf("start: %w", engine.ErrUnavailable), t.Context(), 3},
		{fmt.Errorf("read: %w", context.Canceled), ended, 130},
		{errors.New("broken before"), ended, 1},
	} {
		if got := exitCode(c.ctx, c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"verfy"}, "there is no command \"verfy\", did you mean verify?\n`satisflow --help` lists the commands"},
		{[]string{"config", "prnt"}, "there is no command \"prnt\", did you mean print?\n`satisflow config --help` lists the commands"},
		{[]string{"config", "check"}, "satisflow config check FILE"},
		{[]string{"verify", "--froom", "x"}, "unknown flag: --froom\n`satisflow verify --help` lists the flags"},
		{[]string{"verify", "--from", "yesterday"}, `--from "yesterday": want a time such as 2026-03-01T00:00:00Z`},
		{[]string{"gateway", "--kafka.partitions", "x"}, `flag --kafka.partitions: kafka.partitions: "x": want a whole number`},
	} {
		code, _, stderr := execute(t, nil, c.args...)
		if code != exitUsage || !strings.HasPrefix(stderr, "error: ") || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit code %d\n%s\nwant %d and %s", c.args, code, stderr, exitUsage, c.want)
		}
	}
}

func TestConfigPrintShowsWhereValuesAreFrom(t *testing.T) {
	code, out, stderr := execute(t, []string{"SATISFLOW_TARGET_SHARE=0.9"}, "config", "print", "--json", "--changed", "--kafka.topic=mine", "--kafka.tls.enabled")
	if code != exitDone {
		t.Fatal(stderr)
	}
	var values []config.Value
	if err := json.Unmarshal([]byte(out), &values); err != nil {
		t.Fatal(err)
	}
	want := []config.Value{
		{Key: "kafka.topic", Text: "mine", From: "flag --kafka.topic"},
		{Key: "kafka.tls.enabled", Text: "true", From: "flag --kafka.tls.enabled"},
		{Key: "target.share", Text: "0.9", From: "environment SATISFLOW_TARGET_SHARE"},
	}
	if len(values) != len(want) {
		t.Fatalf("got %+v", values)
	}
	for i, v := range values {
		if v != want[i] {
			t.Errorf("got %+v, want %+v", v, want[i])
		}
	}
}

func TestConfigCheckListsEveryProblem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "satisflow.yaml")
	if err := os.WriteFile(path, []byte("kafka:\n  brokr: x\ntarget:\n  share: high\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := execute(t, nil, "config", "check", path)
	want := path + ":2: unknown key kafka.brokr\n"
	if code != exitUsage || stderr != "" || strings.Count(out, "\n") != 2 || !strings.HasPrefix(out, strings.TrimSuffix(want, "\n")) {
		t.Errorf("exit code %d, stderr %q\n%s", code, stderr, out)
	}
	code, out, _ = execute(t, nil, "config", "check", filepath.Join("..", "..", "..", "deploy", "satisflow.reference.yaml"))
	if code != exitDone || !strings.HasSuffix(out, " is right\n") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestADatabaseThatIsNotThereIsSaidSo(t *testing.T) {
	code, _, stderr := execute(t, nil, "verify", "--clickhouse", "http://me:secret@127.0.0.1:1/satisflow")
	if code != exitUnavailable || strings.Contains(stderr, "secret") || !strings.Contains(stderr, "is ClickHouse running there?") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestCompletionKnowsTheShells(t *testing.T) {
	for _, name := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, stderr := execute(t, nil, "completion", name); code != exitDone || len(out) < 1000 {
			t.Errorf("%s: exit code %d\n%s", name, code, stderr)
		}
	}
}

func TestWhatIsNoTerminalIsNotColored(t *testing.T) {
	s := newShell(Invocation{Args: []string{"satisflow"}, Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)})
	if s.bold("x") != "x" || s.red("x") != "x" {
		t.Error("colors in a file")
	}
}

func TestAPartThatEndsEndsAllWithItsReason(t *testing.T) {
	ended := make(chan string, 2)
	waits := part{name: "waits", run: func(ctx context.Context) error {
		<-ctx.Done()
		ended <- "waits"
		return ctx.Err()
	}}
	for want, p := range map[string]part{
		"fails: broken":         {name: "fails", run: func(context.Context) error { return errors.New("broken") }},
		"quits ended by itself": {name: "quits", run: func(context.Context) error { return nil }},
	} {
		if err := supervise(t.Context(), waits, p); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if len(ended) != 1 {
			t.Error("the other part was not waited for")
		}
		<-ended
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := supervise(ctx, waits); err != nil {
		t.Errorf("asked to end: %v", err)
	}
}

func TestTeardownRunsTheLastFirstAndAllOfIt(t *testing.T) {
	var down teardown
	var order []int
	for i := range 3 {
		down.add(func(context.Context) error {
			order = append(order, i)
			return fmt.Errorf("step %d", i)
		})
	}
	if err := down.end(time.Second); err == nil || err.Error() != "step 2\nstep 1\nstep 0" || len(order) != 3 {
		t.Errorf("got %v in the order %v", err, order)
	}
}
