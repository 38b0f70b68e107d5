package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// afterFacts is what a processor says that has just inserted all of its facts.
const afterFacts = `{"message":"serving"}
{"message":"inserted","table":"facts","rows":7}`

// works is the script of a processor that works until it is asked to end.
const works = "sleep 20 >/dev/null 2>&1 & wait"

// inPlace is a striker over one processor, which is a shell that says something and then does what the script says; what
// it would talk to is an echo.
func inPlace(t *testing.T, script string) (*striker, *processor) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Processors, cfg.Session, cfg.Progress = 1, 100*time.Millisecond, io.Discard
	s := &stack{cfg: &cfg, begin: time.Now()}
	front, err := startFront(upstream(t, echo))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = front.close() })
	p := &processor{
		program: []string{"/bin/sh", "-c", "trap 'exit 0' TERM; echo \"$SAYS\" >&2\n" + script}, env: []string{"SAYS=" + afterFacts},
		log: filepath.Join(t.TempDir(), "log"), block: 100,
		kafka: linkTo(t, upstream(t, echo)), store: linkTo(t, front.address), front: front,
		excuse: s.excuse, failed: func(err error) { t.Error(err) },
	}
	s.processors = []*processor{p}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.kill() })
	waitFor(t, "the processor speaks", func() bool { return p.step() == AfterFacts })
	return &striker{stack: s, hits: tally{}}, p
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// spoiled says what is still wrong with the place, empty for nothing.
func (p *processor) spoiled() (what []string) {
	for _, l := range []*link{p.kafka, p.store} {
		for _, w := range []*weather{l.up, l.down} {
			if now, held, _ := w.look(); now != (conditions{}) || held {
				what = append(what, fmt.Sprintf("the link to %s: %+v, held: %t", l.proxy.Upstream, now, held))
			}
		}
		if l.isCut || !l.proxy.Enabled {
			what = append(what, "a link is cut")
		}
	}
	if m := mood(p.front.mood.Load()); m != passing {
		what = append(what, fmt.Sprintf("the front is in mood %d", m))
	}
	if c := p.front.latest; c != nil && !c.done {
		what = append(what, "the gate waits for an insert")
	}
	if proc := p.running(); proc != nil && state(proc.child.PID()) == "T" {
		what = append(what, "the process is stopped")
	}
	return what
}

// state is the state of a process as the kernel has it.
func state(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[0]
}

func TestAStrikeLiftsEverythingItPutOn(t *testing.T) {
	faults := []Fault{
		{KillProcessor, ""}, {KillProcessor, AmidPanes}, {KillProcessor, BeforeCommit}, {Zombie, ""}, {Zombie, BeforeCommit}, {Leave, ""},
		{RefuseInserts, ""}, {LoseAnswers, ""}, {TearInserts, ""}, {DelayKafka, ""}, {DelayStore, ""}, {CutKafka, ""}, {CutStore, ""},
		{HalfOpenKafka, ""}, {HalfOpenStore, ""},
	}
	for name, disturb := range map[string]func(p *processor, end func()){
		"when the run ends meanwhile":            func(_ *processor, end func()) { end() },
		"when its processor is killed meanwhile": func(p *processor, _ func()) { _, _ = p.kill() },
	} {
		for _, f := range faults {
			t.Run(strings.TrimSuffix(fmt.Sprintf("%s, %s, %s", f.Kind, f.Aim, name), ", "), func(t *testing.T) {
				t.Parallel()
				k, p := inPlace(t, works)
				ctx, end := context.WithTimeout(t.Context(), 700*time.Millisecond)
				defer end()
				time.AfterFunc(150*time.Millisecond, func() { disturb(p, end) })
				if err := k.make(ctx, f, rand.New(rand.NewPCG(1, 1))); err != nil {
					t.Error(err)
				}
				if left := p.spoiled(); len(left) > 0 {
					t.Errorf("left behind: %s", strings.Join(left, "; "))
				}
			})
		}
	}
}

func TestAStrikeThatBreaksOffLiftsEverythingItPutOn(t *testing.T) {
	k, p := inPlace(t, works)
	broken := errors.New("broken")
	err := k.aimed(t.Context(), p, "", true, func() error { return broken })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	go func() { // the processor's checkpoint, so that the commit is held up
		waitFor(t, "the gate is armed", func() bool { p.front.mu.Lock(); defer p.front.mu.Unlock(); return p.front.latest != nil })
		_ = p.front.enter(t.Context(), checkpointsTable)
	}()
	held := false
	err = k.aimed(t.Context(), p, BeforeCommit, false, func() error {
		_, held, _ = p.kafka.up.look()
		return broken
	})
	if !errors.Is(err, broken) || !held {
		t.Errorf("got %v; requests to Kafka held up: %t", err, held)
	}
	if left := p.spoiled(); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, "; "))
	}
}

func TestTheEndOfTheFaultsLiftsAll(t *testing.T) {
	_, p := inPlace(t, works)
	p.kafka.halfOpen()
	p.kafka.hold()
	p.store.cut()
	p.front.set(refusing)
	c := p.front.catch(BeforeCheckpoint)
	if _, _, err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if len(p.spoiled()) == 0 {
		t.Fatal("nothing is spoiled")
	}
	if err := p.lift(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the process goes on", func() bool { return state(p.running().child.PID()) != "T" })
	if left := p.spoiled(); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, "; "))
	}
	if c.lift(false); !c.pass {
		t.Error("an insert that was held up did not go on")
	}
}

func TestAProcessorThatEndsByItselfIsStartedAgainWhereAFaultExplainsIt(t *testing.T) {
	for name, c := range map[string]struct {
		script  string
		faulty  bool
		restart bool
	}{
		"it gave up under faults":            {"sleep 0.2; echo 'error: no Kafka' >&2; exit 3", true, true},
		"it gave up without any":             {"sleep 0.2; echo 'error: no Kafka' >&2; exit 3", false, false},
		"it crashed, whatever the faults":    {"sleep 0.2; echo 'panic: index out of range' >&2; exit 2", true, false},
		"it was killed, whatever the faults": {"sleep 0.2; kill -9 $$", true, false},
		"it ended in order":                  {"sleep 0.2; exit 0", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, p := inPlace(t, works)
			if _, err := p.kill(); err != nil {
				t.Fatal(err)
			}
			if c.faulty {
				k.faults.begin()
			}
			failed := make(chan error, 1)
			p.failed, p.program = func(err error) { failed <- err }, []string{"/bin/sh", "-c", c.script}
			if err := p.start(); err != nil {
				t.Fatal(err)
			}
			before := p.running()
			select {
			case err := <-failed:
				if c.restart {
					t.Errorf("it is an error: %v", err)
				}
			case <-time.After(restartTime):
				if !c.restart {
					t.Error("it is no error")
				}
			}
			restarted := k.faults.restarted()
			if (len(restarted) > 0) != c.restart {
				t.Errorf("in the report are %q", restarted)
			}
			if !c.restart {
				return
			}
			waitFor(t, "another process runs", func() bool { now := p.running(); return now != nil && now != before })
			if want := "exit status 3; its last lines: error: no Kafka"; !strings.Contains(restarted[0], want) {
				t.Errorf("the report says %q, want %q", restarted[0], want)
			}
		})
	}
}

func TestAFaultExplainsWhatFollowsForAWhile(t *testing.T) {
	_, p := inPlace(t, "sleep 1; exit 3")
	why := p.take().child.Wait()
	var f faults
	now := time.Now()
	f.last = now.Add(-lingering / 2)
	if !f.explain(why, now) {
		t.Error("a fault that has just ended explains nothing")
	}
	if f.explain(why, now.Add(lingering)) {
		t.Error("a fault of long ago explains it")
	}
}

func TestAPlaceHoldsOneProcessAndNoneThatWasTakenAway(t *testing.T) {
	k, p := inPlace(t, "sleep 0.3; exit 3")
	k.faults.begin()
	first := p.running()
	if err := p.start(); err != nil || p.running() != first {
		t.Errorf("a second process was started beside the first: %v", err)
	}
	waitFor(t, "it ends", func() bool { return p.running() == nil })
	if _, err := p.kill(); err != nil { // before the supervisor starts it again
		t.Fatal(err)
	}
	time.Sleep(restartTime + 200*time.Millisecond)
	if p.running() != nil {
		t.Error("the supervisor started a processor that was to be away")
	}
}

func TestTheGateHoldsUpTheInsertThatFollowsTheStep(t *testing.T) {
	flush := []string{factsTable, factsTable, panesTable, panesTable, windowsTable, lettersTable, checkpointsTable, checkpointsTable}
	for step, want := range map[Step]int{AfterFacts: 2, AmidPanes: 3, BeforeCheckpoint: 6, BeforeCommit: 6} {
		t.Run(string(step), func(t *testing.T) {
			var g gate
			g.answered(checkpointsTable)
			c := g.catch(step)
			for i, table := range flush {
				ctx, cancel := context.WithCancel(t.Context())
				cancel() // so that it breaks off instead of waiting
				if passed := g.enter(ctx, table); passed == (i == want) {
					t.Errorf("insert %d, into %s: passed is %t", i, table, passed)
				}
				g.answered(table)
			}
			if !c.wait(t.Context()) {
				t.Error("it was not told of")
			}
		})
	}
}

func TestTheGatePassesOnOrBreaksOff(t *testing.T) {
	for _, pass := range []bool{true, false} {
		var g gate
		c := g.catch(BeforeCommit)
		entered := make(chan bool)
		go func() { entered <- g.enter(context.Background(), checkpointsTable) }()
		if !c.wait(t.Context()) {
			t.Fatal("no insert came")
		}
		select {
		case <-entered:
			t.Fatal("it was not held up")
		case <-time.After(50 * time.Millisecond):
		}
		c.lift(pass)
		c.lift(!pass) // too late
		if got := <-entered; got != pass {
			t.Errorf("passed: %t, want %t", got, pass)
		}
		if !g.enter(t.Context(), checkpointsTable) {
			t.Error("the gate holds up another one")
		}
	}
}

func TestTheTableOfAnInsertIsInItsQuery(t *testing.T) {
	for query, want := range map[string]string{
		"INSERT INTO satisfaction_panes (`epoch`) FORMAT Native": panesTable,
		"SELECT 1 FROM satisfaction_panes":                       "",
		"":                                                       "",
	} {
		r := &http.Request{Method: http.MethodPost, URL: &url.URL{RawQuery: url.Values{"query": {query}}.Encode()}}
		if got := tableOf(r); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}

func TestAStoppedPartGoesOnWhenTheRunEnds(t *testing.T) {
	var got []syscall.Signal
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := pause(ctx, func(s syscall.Signal) error { got = append(got, s); return nil }, time.Hour); err != nil {
		t.Error(err)
	}
	if len(got) != 2 || got[1] != syscall.SIGCONT {
		t.Errorf("it got %v", got)
	}
	got = nil
	lost := errors.New("lost")
	err := pause(t.Context(), func(s syscall.Signal) error { got = append(got, s); return lost }, time.Hour)
	if !errors.Is(err, lost) || len(got) != 2 {
		t.Errorf("it got %v: %v", got, err)
	}
}
