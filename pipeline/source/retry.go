package source

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
)

// backoff grows from least to most, doubling; each wait is between half of it and all of it.
type backoff struct {
	least, most time.Duration
	current     time.Duration
}

func (b *backoff) reset() { b.current = 0 }

// wait sleeps, or returns early when ctx ends.
func (b *backoff) wait(ctx context.Context) {
	b.current = min(max(2*b.current, b.least), b.most)
	half := b.current / 2
	sleep(ctx, half+rand.N(half+1))
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// complaints logs a run of failures without a flood: the first of each kind, and the
// end of the run.
type complaints struct {
	log   zerolog.Logger
	kinds map[string]bool
	count int
}

func (c *complaints) add(err error, message string) {
	c.count++
	kind := kindOf(err)
	if c.kinds[kind] {
		return
	}
	if c.kinds == nil {
		c.kinds = map[string]bool{}
	}
	c.kinds[kind] = true
	c.log.Warn().Err(err).Msg(message)
}

func (c *complaints) clear(message string) {
	if c.count == 0 {
		return
	}
	c.log.Info().Int("failures", c.count).Msg(message)
	c.count, c.kinds = 0, nil
}

// kindOf is the innermost error's text: the outer ones name ports that change with
// every connection.
func kindOf(err error) string {
	var code kafka.Error
	if errors.As(err, &code) {
		return code.Title()
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// Permanent marks an error that no retry can mend: Run gives up and returns it.
func Permanent(err error) error { return permanent{err} }

// IsPermanent says whether err, or one that it wraps, was marked by Permanent.
func IsPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }
