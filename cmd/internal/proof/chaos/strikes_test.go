package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
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

// traffic keeps connections of the links busy until the test ends.
func traffic(t *testing.T, links ...*link) {
	t.Helper()
	for _, l := range links {
		go func() {
			for t.Context().Err() == nil {
				conn, err := net.Dial("tcp", l.address())
				if err != nil {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				go func() { _, _ = io.Copy(io.Discard, conn) }()
				for t.Context().Err() == nil && err == nil {
					_ = conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
					_, err = conn.Write(make([]byte, 8<<10))
					time.Sleep(5 * time.Millisecond)
				}
				_ = conn.Close()
			}
		}()
	}
}

func TestAFaultOfTheNetworkCountsOnlyWhereItMetSomething(t *testing.T) {
	for _, kind := range []Kind{TearInserts, DelayKafka, DelayStore, CutKafka, CutStore, HalfOpenKafka, HalfOpenStore} {
		for _, busy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, busy: %t", kind, busy), func(t *testing.T) {
				t.Parallel()
				k, p := inPlace(t, works)
				if busy {
					traffic(t, p.kafka, p.store)
					waitFor(t, "there is traffic", func() bool { return p.kafka.up.open.Load() > 0 && p.store.up.open.Load() > 0 })
				}
				while := time.Second
				if busy {
					while = 5 * time.Second // the machine may be busy too
				}
				ctx, end := context.WithTimeout(t.Context(), while)
				defer end()
				if err := k.make(ctx, Fault{kind, ""}, rand.New(rand.NewPCG(1, 1))); err != nil {
					t.Fatal(err)
				}
				if struck := len(k.hits) > 0; struck != busy {
					t.Errorf("counted: %v, want %t", k.hits, busy)
				}
			})
		}
	}
}

// checkpoints lets the processor send the insert of a checkpoint as soon as the gate waits for one, and says whether it went on.
func checkpoints(t *testing.T, p *processor) <-chan bool {
	went := make(chan bool, 1)
	go func() {
		waitFor(t, "the gate waits", func() bool {
			p.front.mu.Lock()
			defer p.front.mu.Unlock()
			return p.front.latest != nil && !p.front.latest.done
		})
		p.front.answered(windowsTable)
		went <- p.front.enter(t.Context(), checkpointsTable)
	}()
	return went
}

func TestAStrikeThatBreaksOffLiftsEverythingItPutOn(t *testing.T) {
	k, p := inPlace(t, "sleep 0.3; echo '"+`{"message":"committing"}`+"' >&2; "+works)
	went, broken, held := checkpoints(t, p), errors.New("broken"), false
	err := k.aimed(t.Context(), p, BeforeCommit, false, func() error {
		_, held, _ = p.kafka.up.look()
		return broken
	})
	if !errors.Is(err, broken) || !held || !<-went {
		t.Errorf("got %v; requests to Kafka held up: %t", err, held)
	}
	if left := p.spoiled(); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, "; "))
	}
}

func TestAnInsertThatTheLogDoesNotExplainIsNotTheStep(t *testing.T) {
	k, p := inPlace(t, works)
	ctx, end := context.WithTimeout(t.Context(), standing+500*time.Millisecond)
	defer end()
	went := checkpoints(t, p)
	struck := false
	err := k.aimed(ctx, p, BeforeCheckpoint, false, func() error {
		struck = true
		select {
		case passed := <-went:
			if !passed {
				t.Error("the insert did not go on")
			}
		default:
			t.Error("it is struck at the insert")
		}
		return nil
	})
	if err != nil || !struck {
		t.Errorf("struck: %t, %v", struck, err)
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
