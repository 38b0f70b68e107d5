package people

import (
	"fmt"
	"sync"
	"time"
)

// Failures that are free, and the longest wait after more of them. An address may fail more often: many people share one.
const (
	freeFailures        = 5
	freeAddressFailures = 50
	longestWait         = 15 * time.Minute
	mostThrottled       = 100_000
)

// TooManyError says that too many sign-ins failed.
type TooManyError struct{ RetryAfter time.Duration }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many failed sign-ins: try again in %s", e.RetryAfter.Round(time.Second))
}

// throttle makes each further failure of a name or an address wait longer: 1 s, 2 s, 4 s … The count is forgotten a quarter
// of an hour after the last failure.
type throttle struct {
	mu  sync.Mutex
	all map[string]failures
}

type failures struct {
	n    int
	last time.Time
}

// wait is how long after the last failure the next attempt must wait.
func (f failures) wait(key string) time.Duration {
	free := freeFailures
	if key[0] == 'a' { // address:
		free = freeAddressFailures
	}
	if f.n < free {
		return 0
	}
	if f.n-free > 20 {
		return longestWait
	}
	return min(longestWait, time.Second<<(f.n-free))
}

// allow returns a *TooManyError when one of the keys has to wait.
func (t *throttle) allow(now time.Time, keys ...string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		f, ok := t.all[k]
		if !ok {
			continue
		}
		if left := f.last.Add(f.wait(k)).Sub(now); left > 0 {
			return &TooManyError{left}
		}
	}
	return nil
}

func (t *throttle) failed(now time.Time, keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil || len(t.all) >= mostThrottled {
		t.all = map[string]failures{}
	}
	for _, k := range keys {
		f := t.all[k]
		if now.Sub(f.last) > longestWait {
			f.n = 0
		}
		t.all[k] = failures{f.n + 1, now}
	}
}

func (t *throttle) succeeded(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, key)
}
