package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// AsOf says how far the figures are to be relied on.
type AsOf struct {
	From       time.Time  `json:"from" doc:"Start of what was summed, on the grid of panes"`
	To         time.Time  `json:"to" doc:"End of what was summed, exclusive, on the grid of panes"`
	AsOf       *time.Time `json:"as_of" doc:"Up to when every partition was read; null while one never was"`
	Complete   bool       `json:"complete" doc:"Whether everything up to the end was read, late ratings aside; never for a window that is still open"`
	LagSeconds *float64   `json:"lag_seconds" doc:"Age of as_of; null with it"`
	Target     float64    `json:"target" doc:"Share of satisfied ratings that is aimed at"`
	Bands      Bands      `json:"bands"`
}

// Bands are the thresholds that the shares are counted by.
type Bands struct {
	Satisfied    float64 `json:"satisfied" doc:"Satisfied from this rating on"`
	Highly       float64 `json:"highly_satisfied" doc:"Highly satisfied from this rating on"`
	Dissatisfied float64 `json:"dissatisfied" doc:"Dissatisfied up to this rating"`
}

func bandsOf(b *window.Bands) Bands {
	return Bands{float64(b.Satisfied) / 100, float64(b.Highly) / 100, float64(b.Dissatisfied) / 100}
}

func (a *API) asOf(e *clickhouse.Epoch, fresh *clickhouse.Freshness, span clickhouse.Span, now time.Time) AsOf {
	s := AsOf{From: span.From, To: span.To, Target: a.Target, Bands: bandsOf(&e.Definition.Bands),
		Complete: !fresh.CompleteTo.IsZero() && !span.To.After(fresh.CompleteTo)}
	if fresh.FreshAt.Unix() > 0 { // a partition that was never read stands at 1970
		at := fresh.FreshAt.UTC()
		lag := max(0, now.Sub(at).Round(time.Millisecond).Seconds())
		s.AsOf, s.LagSeconds = &at, &lag
	}
	return s
}

// refusals are the statuses that questions for figures may get.
var refusals = []int{http.StatusBadRequest, http.StatusMisdirectedRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable}

// epoch returns the current epoch.
func (a *API) epoch(ctx context.Context) (*clickhouse.Epoch, error) {
	e, found, err := a.Reader.Epoch(ctx)
	switch {
	case err != nil:
		return nil, a.unreadable(ctx, err)
	case !found:
		return nil, problem.New(http.StatusServiceUnavailable, "there are no figures yet: no processor has ever been started").RetryAfter(retryRead)
	}
	return &e, nil
}

// retryRead is after how long a client may ask again for figures that could not be read.
const retryRead = 5 * time.Second

// unreadable is the problem with figures that could not be read, which is logged here.
func (a *API) unreadable(ctx context.Context, err error) *problem.Problem {
	if !errors.Is(err, context.Canceled) {
		a.burst.Error().Str("request_id", guard.RequestID(ctx)).Err(err).Msg("read figures")
	}
	return problem.New(http.StatusServiceUnavailable, "the figures cannot be read now: ClickHouse did not answer").RetryAfter(retryRead)
}
