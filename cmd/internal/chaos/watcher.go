package chaos

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// watcher reads what a process writes to stderr, and strikes when a line says so.
type watcher struct {
	to      io.Writer
	serving chan string // the address of its metrics

	mu     sync.Mutex
	rest   []byte
	served bool
	trail  trail
	lost   int64 // records that it said retention removed
	signal func(os.Signal) error
	aim    Step
	sig    os.Signal
	struck chan time.Time
}

func (w *watcher) setSignal(signal func(os.Signal) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signal = signal
}

// Write takes what the process wrote. It strikes before it does anything else with it.
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
	if step, told := w.trail.note(&l, time.Now()); told && w.struck != nil && step == w.aim {
		w.hit()
	}
	switch l.Message {
	case "serving":
		w.served = true
		w.serving <- l.Address
	case "retention removed records before they were read":
		w.lost += l.Records
	}
}

// hit sends the signal. The caller has the lock.
func (w *watcher) hit() {
	_ = w.signal(w.sig) // one that has ended is as good as struck
	w.struck <- time.Now()
	w.struck = nil
}

// strike sends the signal when a line tells of the step, at once when there is none, and when ctx ends at the latest. It
// returns when it did.
func (w *watcher) strike(ctx context.Context, aim Step, sig os.Signal) time.Time {
	struck := make(chan time.Time, 1)
	w.mu.Lock()
	w.aim, w.sig, w.struck = aim, sig, struck
	if aim == "" {
		w.hit()
	}
	w.mu.Unlock()
	select {
	case at := <-struck:
		return at
	case <-ctx.Done():
	}
	w.mu.Lock()
	if w.struck != nil {
		w.hit()
	}
	w.mu.Unlock()
	return <-struck
}

// hold says by how much the commits of the process are held up from now on.
func (w *watcher) hold(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trail.hold = by
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
