// Package filelock owns locks between processes: one file, one holder, released by the kernel when the holder dies.
// What the lock protects, and where its file lies, is its caller's.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrHeld says that another process holds the lock.
var ErrHeld = errors.New("lock is held by another process")

// retryInterval is how often Acquire asks again; the kernel's own waiting could not be ended by a context.
const retryInterval = 50 * time.Millisecond

// Lock is a lock that is held. Release it once; dying does as well.
type Lock struct{ file *os.File }

// Acquire waits for the lock of the file at path, which is created if it is missing, until ctx ends.
func Acquire(ctx context.Context, path string) (*Lock, error) { return acquire(ctx, path, exclusive) }

// AcquireShared waits for the lock beside others that share it.
func AcquireShared(ctx context.Context, path string) (*Lock, error) {
	return acquire(ctx, path, shared)
}

// Try takes the lock, or returns an error that is ErrHeld.
func Try(path string) (*Lock, error) { return open(path, exclusive) }

func acquire(ctx context.Context, path string, how mode) (*Lock, error) {
	for {
		lock, err := open(path, how)
		if !errors.Is(err, ErrHeld) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for lock %s: %w", path, ctx.Err())
		case <-time.After(retryInterval):
		}
	}
}

func open(path string, how mode) (*Lock, error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open lock: %w", err)
		}
		if err := lockFile(file, how); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		if isStillAt(file, path) {
			return &Lock{file}, nil
		}
		// The holder before us removed the file: a newcomer would lock another one.
		if err := file.Close(); err != nil {
			return nil, fmt.Errorf("close lock %s: %w", path, err)
		}
	}
}

func isStillAt(file *os.File, path string) bool {
	ours, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(ours, there)
}

// Release gives the lock back; its file stays.
func (l *Lock) Release() error { return l.file.Close() }
