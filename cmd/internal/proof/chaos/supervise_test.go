package chaos

import (
	"strings"
	"testing"
	"time"
)

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
