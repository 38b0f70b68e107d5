package alerting

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// lock is held by who reads alerts in order to change them. Waiting for it ends with the context.
type lock chan struct{}

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l lock) give() { <-l }

// signal says that there is something to look at.
type signal chan struct{}

func (s signal) raise() {
	select {
	case s <- struct{}{}:
	default: // it is raised already
	}
}

// waiter waits longer after each failure in a row, and logs the first of them and their end.
type waiter struct {
	what  string
	log   zerolog.Logger
	least time.Duration
	most  time.Duration
	next  time.Duration
}

func (s *Service) waiter(what string) *waiter {
	return &waiter{what: what, log: s.parts.Log, least: 500 * time.Millisecond, most: 30 * time.Second}
}

// wait waits after a failure; the error is the context's.
func (w *waiter) wait(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if w.next == 0 {
		w.log.Warn().Err(err).Msg(w.what + ", trying again")
	}
	w.next = min(max(2*w.next, w.least), w.most)
	return sleep(ctx, w.next)
}

// done notes a success.
func (w *waiter) done() {
	if w.next > 0 {
		w.log.Info().Msg(w.what + ": it works again")
	}
	w.next = 0
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
