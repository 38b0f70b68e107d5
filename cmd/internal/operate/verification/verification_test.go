package verification_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/operate/verification"
)

type metrics struct{ forgotten int }

func (m *metrics) Verified(uint64, uint64, time.Time) {}
func (m *metrics) Forget()                            { m.forgotten++ }

func TestWhoDoesNotOwnPartitionZeroForgetsItsResultAndComparesNothing(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		want     int
	}{{0, 0}, {time.Hour, 3}, {time.Minute, 150}} {
		synctest.Test(t, func(t *testing.T) {
			var m metrics
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour+30*time.Minute+time.Second)
			defer cancel()
			// Without a connection: a comparison would crash.
			loop := verification.New(verification.Config{Interval: c.interval}, verification.Parts{Owns: func() bool { return false }, Metrics: &m, Now: time.Now, Log: zerolog.Nop()})
			if err := loop.Run(ctx); err != nil || m.forgotten != c.want {
				t.Errorf("every %s: %d turns, %v; want %d", c.interval, m.forgotten, err, c.want)
			}
		})
	}
}

func TestEachMonthHasItsTurn(t *testing.T) {
	months := []time.Time{time.Unix(0, 0), time.Unix(1, 0), time.Unix(2, 0)}
	seen := map[time.Time]int{}
	now := time.Now()
	for range 9 {
		month, ok := verification.Turn(months, now, time.Hour)
		if !ok {
			t.Fatal("no month")
		}
		seen[month]++
		now = now.Add(time.Hour)
	}
	for _, m := range months {
		if seen[m] != 3 {
			t.Errorf("turns %v, want 3 of each", seen)
		}
	}
	if _, ok := verification.Turn(nil, now, time.Hour); ok {
		t.Error("a month of none")
	}
}

func TestAnIntervalUnderAMinuteIsRefused(t *testing.T) {
	err := verification.Config{Interval: time.Second}.Validate()
	if err == nil || err.Error() != "interval: 1s: want 0s, which switches it off, or at least 1m" {
		t.Error(err)
	}
	if err := verification.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}
