package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"satisflow/pipeline/source"
)

// producer answers each call by its script and keeps the keys that it was given.
type producer struct {
	script []func(key string) error
	calls  [][]string
}

func (p *producer) Produce(_ context.Context, messages ...source.Message) error {
	answer := p.script[min(len(p.calls), len(p.script)-1)]
	errs, keys := make(source.ProduceErrors, len(messages)), []string(nil)
	for i, m := range messages {
		keys = append(keys, string(m.Key))
		errs[i] = answer(string(m.Key))
	}
	p.calls = append(p.calls, keys)
	if errors.Join(errs...) == nil {
		return nil
	}
	return errs
}

func messages(keys ...string) (out []source.Message) {
	for _, k := range keys {
		out = append(out, source.Message{Key: []byte(k)})
	}
	return out
}

func fine(string) error { return nil }
func away(string) error { return fmt.Errorf("produce: %w", source.ErrUnavailable) }

func TestOnlyWhatFailedIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &producer{script: []func(string) error{
			func(key string) error {
				switch key {
				case "b", "d":
					return away(key)
				case "c":
					return source.ErrTooLarge
				}
				return nil
			},
			func(key string) error {
				if key == "d" {
					return away(key)
				}
				return nil
			},
			fine,
		}}
		var told, back int
		s := New(p, DefaultConfig(), Hooks{Away: func(error, time.Duration) { told++ }, Back: func(time.Duration) { back++ }})
		refused, err := s.Send(t.Context(), messages("a", "b", "c", "d"))
		if err != nil || len(refused) != 1 || !errors.Is(refused[2], source.ErrTooLarge) {
			t.Errorf("refused %v, %v", refused, err)
		}
		if want := [][]string{{"a", "b", "c", "d"}, {"b", "d"}, {"d"}}; !slices.EqualFunc(p.calls, want, slices.Equal) {
			t.Errorf("sent %v, want %v", p.calls, want)
		}
		if told != 2 || back != 1 {
			t.Errorf("told %d times that Kafka is away and %d times that it is back", told, back)
		}
	})
}

func TestWaitsGrowUntilItGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{First: time.Second, Most: 4 * time.Second, GiveUp: 12 * time.Second}
		start := time.Now()
		var at []time.Duration
		s := New(&producer{script: []func(string) error{away}}, cfg, Hooks{Away: func(_ error, d time.Duration) { at = append(at, d) }})
		_, err := s.Send(t.Context(), messages("a"))
		if !errors.Is(err, ErrGaveUp) || !errors.Is(err, source.ErrUnavailable) {
			t.Error(err)
		}
		if want := []time.Duration{0, 1e9, 3e9, 7e9, 11e9}; !slices.Equal(at, want) {
			t.Errorf("waits at %v, want %v", at, want)
		}
		if d := time.Since(start); d != 15*time.Second {
			t.Errorf("gave up after %s", d)
		}
	})
}

func TestTheEndOfTheContextEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		s := New(&producer{script: []func(string) error{away}}, Config{First: time.Minute, Most: time.Minute}, Hooks{})
		start := time.Now()
		if _, err := s.Send(ctx, messages("a")); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestWaitsThatCannotWorkAreRefused(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []Config{{}, {First: 2, Most: 1}, {First: 1, Most: 1, GiveUp: -1}} {
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
