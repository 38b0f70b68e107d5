package api

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestReadinessListsEachPartAndSinceWhen(t *testing.T) {
	clock := now
	var kafka error
	var asked atomic.Int32
	w := newWorld(t, func(o *Options) {
		o.Now = func() time.Time { return clock }
		o.Checks = []Check{
			{Name: "kafka", Check: func(context.Context) error { asked.Add(1); return kafka }},
			{Name: "clickhouse", Check: func(context.Context) error { return nil }},
		}
	})
	ask := func(status int) Readiness {
		t.Helper()
		var got Readiness
		w.get("/readyz").into(status, &got)
		return got
	}
	if got := ask(http.StatusOK); got.Status != "ok" || len(got.Parts) != 2 || !got.Parts[0].OK || !got.Parts[0].Since.Equal(now) {
		t.Errorf("at first: %+v", got)
	}
	kafka = errors.New("dial tcp 127.0.0.1:9092: connection refused")
	if got := ask(http.StatusOK); got.Status != "ok" || asked.Load() != 1 {
		t.Errorf("within a second: %+v, asked %d times", got, asked.Load())
	}
	clock = now.Add(10 * time.Second)
	ask(http.StatusServiceUnavailable)
	clock = now.Add(20 * time.Second)
	got := ask(http.StatusServiceUnavailable)
	if p := got.Parts[0]; got.Status != "failing" || p.OK || p.Error != kafka.Error() || !p.Since.Equal(now.Add(10*time.Second)) || !got.Parts[1].Since.Equal(now) {
		t.Errorf("while it fails: %+v", got)
	}
	kafka, clock = nil, now.Add(30*time.Second)
	if p := ask(http.StatusOK).Parts[0]; !p.OK || p.Error != "" || !p.Since.Equal(now.Add(30*time.Second)) {
		t.Errorf("afterwards: %+v", p)
	}
}

func TestAnOptionalPartThatFailsIsSaidAndLeavesTheProcessReady(t *testing.T) {
	for name, c := range map[string]struct {
		kafka, mail error
		status      int
		says        string
	}{
		"both well":       {nil, nil, http.StatusOK, "ok"},
		"no mail":         {nil, errors.New("refused"), http.StatusOK, "degraded"},
		"no Kafka":        {errors.New("refused"), nil, http.StatusServiceUnavailable, "failing"},
		"neither of both": {errors.New("refused"), errors.New("refused"), http.StatusServiceUnavailable, "failing"},
	} {
		w := newWorld(t, func(o *Options) {
			o.Checks = []Check{
				{Name: "mail", Check: func(context.Context) error { return c.mail }, Optional: true},
				{Name: "kafka", Check: func(context.Context) error { return c.kafka }},
			}
		})
		var got Readiness
		w.get("/readyz").into(c.status, &got)
		if got.Status != c.says || len(got.Parts) != 2 || !got.Parts[0].Optional || got.Parts[1].Optional || got.Parts[0].OK != (c.mail == nil) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestACheckThatHangsFailsInTime(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Checks = []Check{{Name: "kafka", Check: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}
	})
	begin := time.Now()
	if a := w.get("/readyz"); a.status != http.StatusServiceUnavailable || time.Since(begin) > 2*checkTimeout {
		t.Errorf("%d after %v", a.status, time.Since(begin))
	}
}

func TestTheProcessIsUp(t *testing.T) {
	var got Health
	newWorld(t).get("/healthz").into(http.StatusOK, &got)
	if got.Status != "ok" {
		t.Errorf("%+v", got)
	}
}
