package chaos

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"
)

// watcher reads what a process writes to stderr.
type watcher struct {
	to      io.Writer
	serving chan string // the address of its metrics

	mu     sync.Mutex
	rest   []byte
	served bool
	trail  trail
	lost   int64 // records that it said retention removed
}

// Write takes what the process wrote.
func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		text, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			break
		}
		w.line(text)
		w.rest = rest
	}
	return w.to.Write(p)
}

func (w *watcher) line(text []byte) {
	l, ok := parseLine(text)
	if !ok {
		return
	}
	w.trail.note(&l, time.Now())
	switch l.Message {
	case "serving":
		w.served = true
		w.serving <- l.Address
	case "retention removed records before they were read":
		w.lost += l.Records
	}
}

// hold says whether the commits of the process are held up from now on. That of the flush before has arrived by then.
func (w *watcher) hold(held bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trail.held = held; held && w.trail.last == BeforeCommit {
		w.trail.last = BetweenFlushes
	}
}

// await says whether the process came to the step before ctx ended.
func (w *watcher) await(ctx context.Context, step Step) bool {
	for ctx.Err() == nil {
		if w.step(time.Now()) == step {
			return true
		}
		sleep(ctx, time.Millisecond)
	}
	return false
}

func (w *watcher) step(at time.Time) Step {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trail.step(at)
}

func (w *watcher) hasServed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.served
}

func (w *watcher) saidLost() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}
