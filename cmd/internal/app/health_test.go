package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/gateway/api"
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

func TestTheReadinessOfAProcessorComesInTimeAndSaysSinceWhen(t *testing.T) {
	var away atomic.Bool
	checks := []api.Check{{Name: "kafka", Check: func(context.Context) error { return nil }},
		{Name: "clickhouse", Check: func(ctx context.Context) error {
			if !away.Load() {
				return nil
			}
			<-ctx.Done() // a server that is stopped answers nothing
			return ctx.Err()
		}}}
	h := probes(prometheus.NewRegistry(), api.Asker(checks, time.Now), operators, zerolog.Nop())
	ask := func() (int, map[string]api.Part) {
		answer := httptest.NewRecorder()
		begin := time.Now()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("took %s", took)
		}
		var ready api.Readiness
		if err := json.Unmarshal(answer.Body.Bytes(), &ready); err != nil {
			t.Fatal(err)
		}
		parts := map[string]api.Part{}
		for _, p := range ready.Parts {
			parts[p.Name] = p
		}
		return answer.Code, parts
	}
	status, first := ask()
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, first)
	}
	away.Store(true)
	time.Sleep(1100 * time.Millisecond) // answers of the last second are given again
	changed := time.Now()
	status, second := ask()
	if p := second["clickhouse"]; status != http.StatusServiceUnavailable || p.OK || p.Since.Before(changed) || !second["kafka"].Since.Equal(first["kafka"].Since) {
		t.Errorf("%d %+v, before %+v", status, second, first)
	}
	time.Sleep(1100 * time.Millisecond)
	if _, third := ask(); !third["clickhouse"].Since.Equal(second["clickhouse"].Since) || !third["kafka"].Since.Equal(first["kafka"].Since) {
		t.Errorf("since has moved: %+v, %+v", second, third)
	}
}
