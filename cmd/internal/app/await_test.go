package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// absent is a part that is not there for a while; it notes when it was asked.
type absent struct {
	begin time.Time
	until time.Duration
	asked []int // seconds
}

func (a *absent) try(context.Context) error {
	since := time.Since(a.begin)
	a.asked = append(a.asked, int(since.Seconds()))
	if since < a.until {
		return errors.New("connection refused")
	}
	return nil
}

func TestARoleWaitsWithoutLimitAndSaysSoOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := absent{begin: time.Now(), until: time.Hour}
		var told []error
		w := waiter{told: func(_ need, err error) { told = append(told, err) }, log: zerolog.New(&out)}
		if err := w.await(t.Context(), clickhouseNeed, a.try); err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 1, 3, 7, 15, 25, 35}; !slices.Equal(a.asked[:len(want)], want) || slices.Max(a.asked) > 3610 {
			t.Errorf("asked after %v seconds, want %v and every 10 s", a.asked, want)
		}
		if len(told) != len(a.asked) || told[0] == nil || told[len(told)-1] != nil {
			t.Errorf("told of %d of %d attempts", len(told), len(a.asked))
		}
		waiting, over := strings.Count(out.String(), `"waiting for ClickHouse"`), strings.Count(out.String(), `"ClickHouse is there"`)
		if waiting < 50 || waiting > 60 || over != 1 {
			t.Errorf("said that it waits %d times in an hour, that it is over %d times\n%s", waiting, over, out.String())
		}
	})
}

func TestWhatIsThereIsNotSpokenOf(t *testing.T) {
	var out bytes.Buffer
	if err := (waiter{log: zerolog.New(&out)}).await(t.Context(), clickhouseNeed, new(absent).try); err != nil || out.Len() > 0 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestACommandWaitsForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := absent{begin: time.Now(), until: time.Hour}
		err := impatient(zerolog.Nop()).await(t.Context(), clickhouseNeed, a.try)
		const want = "connection refused: waited 1m0s for ClickHouse: start it, or correct its address"
		if err == nil || err.Error() != want || exitCode(t.Context(), err) != exitUnavailable || time.Since(a.begin) > 75*time.Second {
			t.Errorf("after %v: %v", time.Since(a.begin), err)
		}
	})
}

func TestAnErrorThatNoRetryCanMendEndsTheWait(t *testing.T) {
	wrong := usageError(errors.New("the database lacks 3 migrations"))
	calls := 0
	err := waiter{}.await(t.Context(), clickhouseNeed, func(context.Context) error { calls++; return fmt.Errorf("open: %w", wrong) })
	if !errors.Is(err, wrong) || calls != 1 {
		t.Errorf("%v after %d attempts", err, calls)
	}
}

func TestTheEndOfTheContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		a := absent{begin: time.Now(), until: time.Hour}
		if err := (waiter{}).await(ctx, clickhouseNeed, a.try); !errors.Is(err, context.DeadlineExceeded) || time.Since(a.begin) != 90*time.Second {
			t.Errorf("%v after %v", err, time.Since(a.begin))
		}
	})
}
