package pipeline

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// An insert that goes on after its timeout still reads the rows, and may yet succeed: nobody may use their memory again, or
// try a second time beside it.
func TestAnAttemptThatOutlivesItsTimeoutIsWaitedFor(t *testing.T) {
	cfg := Config{InsertTimeout: 20 * time.Millisecond, RetryMax: 20 * time.Millisecond}
	r := NewRetrier(cfg, func(error) bool { return false }, zerolog.Nop())
	rows := []int{1, 2, 3}
	var attempts, atWork atomic.Int64
	err := r.Do(t.Context(), "insert", func(context.Context) error {
		if atWork.Add(1) > 1 {
			t.Error("an attempt began while another was under way")
		}
		defer atWork.Add(-1)
		if attempts.Add(1) > 1 {
			return nil
		}
		time.Sleep(150 * time.Millisecond) // deaf to its context
		if rows[0] != 1 {
			t.Error("the rows were used again during the attempt")
		}
		return errors.New("the timeout, at last")
	})
	rows[0] = 0 // as the flusher does once the insert has returned
	if err != nil || attempts.Load() != 2 || atWork.Load() != 0 {
		t.Errorf("%d attempts, %d still at work, %v", attempts.Load(), atWork.Load(), err)
	}
}

func TestAnAttemptIsWaitedForWhenTheAssignmentEnds(t *testing.T) {
	r := NewRetrier(Config{InsertTimeout: time.Minute, RetryMax: time.Second}, func(error) bool { return false }, zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	var atWork atomic.Bool
	err := r.Do(ctx, "insert", func(context.Context) error {
		atWork.Store(true)
		cancel()
		time.Sleep(100 * time.Millisecond)
		atWork.Store(false)
		return errors.New("broken off")
	})
	if atWork.Load() || !errors.Is(err, context.Canceled) {
		t.Errorf("returned %v while the attempt was at work: %v", err, atWork.Load())
	}
}
