package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// part is something that runs until its context ends.
type part struct {
	name  string // what its errors begin with; empty where they tell enough
	run   func(ctx context.Context) error
	first bool // it ends before the others are told to
}

// supervise runs the parts until ctx ends or one of them does, then ends all: first those that take requests, then those
// that these work with. It returns when all have ended: nil if ctx was the reason and all ended in order, else the first
// error, with the part's name.
func supervise(ctx context.Context, parts ...part) error {
	group, running := errgroup.WithContext(ctx)
	serving, stop := context.WithCancel(context.WithoutCancel(running))
	defer stop()
	var first sync.WaitGroup
	for _, p := range parts {
		if p.first {
			first.Add(1)
		}
		group.Go(func() error {
			if p.first {
				defer first.Done()
				return outcome(running, p, p.run(running))
			}
			return outcome(running, p, p.run(serving))
		})
	}
	group.Go(func() error {
		<-running.Done()
		first.Wait()
		stop()
		return nil
	})
	return group.Wait()
}

// outcome is the error with which a part ended, if it is one.
func outcome(running context.Context, p part, err error) error {
	switch {
	case running.Err() != nil && (err == nil || errors.Is(err, context.Canceled)):
		return nil
	case err == nil:
		return fmt.Errorf("%s ended by itself", p.name)
	case p.name == "":
		return err
	default:
		return fmt.Errorf("%s: %w", p.name, err)
	}
}

// teardown ends what was acquired, the last first.
type teardown struct {
	steps []func(context.Context) error
}

func (t *teardown) add(step func(context.Context) error) { t.steps = append(t.steps, step) }

// end runs the steps, all of them also after one has failed, within the time.
func (t *teardown) end(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var errs []error
	for _, step := range slices.Backward(t.steps) {
		errs = append(errs, step(ctx))
	}
	return errors.Join(errs...)
}
