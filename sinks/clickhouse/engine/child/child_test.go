package child

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sh(t *testing.T, script string) *Process {
	t.Helper()
	p, err := Start("the shell", exec.Command("sh", "-c", script))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

func TestAChildThatEndsWellIsNoError(t *testing.T) {
	if err := sh(t, "exit 0").Wait(); err != nil {
		t.Error(err)
	}
}

func TestAChildThatFailsSaysItsLastLines(t *testing.T) {
	err := sh(t, "seq 1 5000 >&2; echo 'no space left' >&2; exit 3").Wait()
	if err == nil || !strings.HasPrefix(err.Error(), "the shell ended: exit status 3") || !strings.HasSuffix(err.Error(), "4999\n5000\nno space left") {
		t.Fatalf("got %v, want the exit code and the end of stderr", err)
	}
	if len(err.Error()) > 2*tailBytes {
		t.Errorf("%d bytes are kept", len(err.Error()))
	}
}

func TestStderrIsPassedOnWhole(t *testing.T) {
	var out bytes.Buffer
	cmd := exec.Command("sh", "-c", "seq 1 5000 >&2")
	cmd.Stderr = &out
	p, err := Start("the shell", cmd)
	if err := errors.Join(err, p.Wait()); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 5000 {
		t.Errorf("got %d lines, want 5000", lines)
	}
}

func TestAMissingProgramIsNamed(t *testing.T) {
	if _, err := Start("the ghost", exec.Command("/nowhere/ghost")); err == nil || !strings.Contains(err.Error(), "start the ghost") {
		t.Errorf("got %v", err)
	}
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	p := sh(t, "trap '' TERM; while :; do sleep 0.1; done")
	time.Sleep(100 * time.Millisecond) // for the trap
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := p.Stop(ctx, func() error { return p.Signal(syscall.SIGTERM) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that it had to be killed", err)
	}
	select {
	case <-p.Done():
	default:
		t.Error("it is not gone")
	}
}

func TestStopWaitsForWhatEnds(t *testing.T) {
	p := sh(t, "trap 'sleep 0.2; exit 0' TERM; while :; do sleep 0.05; done")
	time.Sleep(100 * time.Millisecond) // for the trap
	if err := p.Stop(t.Context(), func() error { return p.Signal(syscall.SIGTERM) }); err != nil {
		t.Error(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("it did not end in order: %v", err)
	}
}

// A child started by a goroutine must not die when the goroutine's thread does.
func TestAChildOutlivesTheThreadThatAskedForIt(t *testing.T) {
	started := make(chan *Process)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread with the goroutine
		started <- sh(t, "sleep 60")
	}()
	p := <-started
	select {
	case <-p.Done():
		t.Errorf("it ended: %v", p.Wait())
	case <-time.After(300 * time.Millisecond):
	}
}

func TestKillingTwiceIsNoError(t *testing.T) {
	p := sh(t, "sleep 60")
	if err := errors.Join(p.Kill(), p.Kill()); err != nil {
		t.Error(err)
	}
}
