package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

type analyticsInput struct {
	Window    string `query:"window" doc:"Name of a rolling window, which ends with the pane that contains now; 28d without from and to" example:"28d"`
	From      string `query:"from" doc:"In place of a window: start, RFC 3339, rounded down to a pane" example:"2026-03-01T00:00:00Z"`
	To        string `query:"to" doc:"End, exclusive, rounded up to a pane; now when missing" example:"2026-04-01T00:00:00Z"`
	Dimension string `query:"dimension" doc:"Also give groups by this dimension: service, product, channel, segment, service_channel (service/channel, with %25 and %2F for % and / in the name of the service), staff, a declared attribute; or customer and others, which need a value" example:"service"`
	Value     string `query:"value" doc:"Only this value of the dimension" example:"data_analysis"`
}

type analyticsOutput struct{ Body Analytics }

// Analytics are the figures of a time.
type Analytics struct {
	Window *string `json:"window" doc:"Name of the rolling window; null for from and to"`
	AsOf
	Overall Figures `json:"overall"`
	Groups  []Group `json:"groups" nullable:"false" doc:"The values of the dimension, in their order; empty without a dimension"`
}

// Group are the figures of one value of a dimension.
type Group struct {
	Dimension string `json:"dimension"`
	Value     string `json:"value"`
	Figures
}

func (a *API) analyticsOperation() huma.Operation {
	return huma.Operation{
		OperationID: "analytics", Method: http.MethodGet, Path: base + "/analytics", Tags: []string{"figures"},
		Summary:                      "Give the figures of a window or a range",
		Description:                  "Exact: each rating counts once, as last corrected, erased ones not at all. An unknown window or dimension is refused with the names of those that are there.",
		Errors:                       refusals,
		RejectUnknownQueryParameters: true,
	}
}

// analytics answers with figures of panes; those of a detail come from the facts.
func (a *API) analytics(ctx context.Context, in *analyticsInput) (*analyticsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	e, err := a.epoch(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	q, wrong := newQuestion(e, in, now)
	if wrong != nil {
		return nil, wrong
	}
	// Before the sums: newer checkpoints would promise what these do not hold yet.
	fresh, err := a.Reader.Freshness(ctx, e)
	if err != nil {
		return nil, a.unreadable(ctx, err)
	}
	span, sums, err := a.Reader.Range(ctx, e, q.span, q.selection())
	if err != nil {
		return nil, a.unreadable(ctx, err)
	}
	if q.detail {
		detail, err := a.detail(ctx, e, q.key, span, now)
		if err != nil {
			return nil, a.unreadable(ctx, err)
		}
		sums = append(sums, detail)
	}
	return &analyticsOutput{a.answer(e, &fresh, span, now, q, sums)}, nil
}

func (a *API) answer(e *clickhouse.Epoch, fresh *clickhouse.Freshness, span clickhouse.Span, now time.Time, q *question, sums []clickhouse.Group) Analytics {
	out := Analytics{Window: q.window, AsOf: a.asOf(e, fresh, span, now), Groups: []Group{}}
	overall := window.Key{Dimension: window.Overall}
	out.Overall = a.figures(sumsOf(sums, overall), e.Definition.Quality)
	if q.value && !q.detail {
		sums = []clickhouse.Group{{Key: q.key, Sums: *sumsOf(sums, q.key)}} // a value without ratings is an answer too
	}
	for i := range sums {
		if sums[i].Key.Dimension != q.key.Dimension {
			continue
		}
		g := Group{sums[i].Key.Dimension, sums[i].Key.Value, a.figures(&sums[i].Sums, e.Definition.Quality)}
		if g.Dimension == window.Staff {
			g.unjudged()
		}
		out.Groups = append(out.Groups, g)
	}
	return out
}

// sumsOf returns the sums of the key, zeros when it has none.
func sumsOf(groups []clickhouse.Group, key window.Key) *window.Sums {
	if i := slices.IndexFunc(groups, func(g clickhouse.Group) bool { return g.Key == key }); i >= 0 {
		return &groups[i].Sums
	}
	return &window.Sums{}
}

// detail sums the facts of one value of a dimension that is not rolled. What staff gave is not among them.
func (a *API) detail(ctx context.Context, e *clickhouse.Epoch, key window.Key, span clickhouse.Span, now time.Time) (clickhouse.Group, error) {
	sum := clickhouse.Group{Key: key}
	parts, err := a.detailOf(ctx, e, key, span, 0, now)
	for i := range parts {
		if parts[i].Key.Dimension != window.Staff {
			sum.Sums.Add(&parts[i].Sums)
		}
	}
	return sum, err
}

// detailOf reads the facts of the key, which names a customer as producers do or as answers do.
func (a *API) detailOf(ctx context.Context, e *clickhouse.Epoch, key window.Key, span clickhouse.Span, step time.Duration, now time.Time) (parts []clickhouse.DetailGroup, err error) {
	values := []string{key.Value}
	if key.Dimension == clickhouse.Customer {
		values = a.storedAs(key.Value, now)
	}
	for _, value := range values {
		parts, err = a.Reader.Detail(ctx, e, window.Key{Dimension: key.Dimension, Value: value}, span, step)
		if err != nil || len(parts) > 0 {
			break
		}
	}
	return parts, err
}

// storedAs returns the ids under which a customer may be stored, the likelier one first. Where ids are pseudonyms, those
// that answers hold are taken as they are; one of a producer's that looks like a pseudonym is still found, as the other.
func (a *API) storedAs(customer string, now time.Time) []string {
	in := a.intakes.get()
	defer a.intakes.put(in)
	stored := in.customer(customer, now)
	if stored != customer && admit.IsPseudonym(customer) {
		return []string{customer, stored}
	}
	return []string{stored}
}
