package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestACheckThatCostsTheOtherSideSomethingIsSeldomAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, fails := 0, errors.New("refused")
		check := seldom(func(context.Context) error { asked++; return fails }, time.Now)
		for _, step := range []struct {
			after time.Duration
			asked int
			fails bool
		}{{0, 1, true}, {keepBad - time.Second, 1, true}, {time.Second, 2, false}, {keepGood - time.Second, 2, false}, {time.Second, 3, false}} {
			time.Sleep(step.after)
			if step.asked == 2 {
				fails = nil
			}
			if err := check(t.Context()); (err != nil) != step.fails || asked != step.asked {
				t.Errorf("after %v more: %v, asked %d times; want %+v", step.after, err, asked, step)
			}
		}
	})
}

func TestWhoDoesNotWaitForACheckLeavesItsAnswerToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		check := seldom(func(context.Context) error { asked++; time.Sleep(10 * time.Second); return nil }, time.Now)
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := check(hasty); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v; want a deadline", err)
		}
		if err := check(t.Context()); err != nil || asked != 1 {
			t.Errorf("%v, asked %d times; want the answer to the first", err, asked)
		}
	})
}
