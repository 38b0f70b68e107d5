package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestALockHasOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := must(t)(Try(path))
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("a second holder: got %v, want ErrHeld", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := AcquireShared(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("sharing what is held alone: got %v, want a deadline", err)
	}
	release(t, held)
	release(t, must(t)(Try(path)))
}

func TestASharedLockKeepsOthersFromHoldingItAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	one, two := must(t)(AcquireShared(t.Context(), path)), must(t)(AcquireShared(t.Context(), path))
	release(t, one)
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("got %v, want ErrHeld", err)
	}
	release(t, two)
	release(t, must(t)(Try(path)))
}

func TestWaitingEndsWhenTheLockIsReleased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := must(t)(Try(path))
	time.AfterFunc(100*time.Millisecond, func() { _ = held.Release() })
	release(t, must(t)(Acquire(t.Context(), path)))
}

// A holder that removes the file at its end must not leave two holders of two files behind.
func TestAFileThatWasRemovedIsLockedAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := must(t)(Try(path))
	waiting := make(chan *Lock)
	go func() { waiting <- must(t)(Acquire(context.Background(), path)) }()
	time.Sleep(2 * retryInterval)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	release(t, held)
	second := <-waiting
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("got %v, want ErrHeld: the second holder has the lock of a removed file", err)
	}
	release(t, second)
}

func must(t *testing.T) func(*Lock, error) *Lock {
	return func(lock *Lock, err error) *Lock {
		if err != nil {
			t.Error(err)
		}
		return lock
	}
}

func release(t *testing.T, lock *Lock) {
	t.Helper()
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}
