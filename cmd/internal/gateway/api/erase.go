package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/pipeline/event"
	"satisflow/sinks/clickhouse"
)

// Eraser erases ratings; erasure.Service does.
type Eraser interface {
	// Erase returns when Kafka has the erasures; the rest is done later.
	Erase(ctx context.Context, r erasure.Request) (clickhouse.Erasure, error)
	Erasure(ctx context.Context, id string) (clickhouse.Erasure, error)
}

type eraseInput struct {
	Body EraseRequest
}

// EraseRequest names what is to be erased: one customer, or ratings.
type EraseRequest struct {
	CustomerID CustomerID `json:"customer_id,omitempty" doc:"Erase all ratings of this customer, as in the ratings: an integer is taken as its digits"`
	RatingIDs  []string   `json:"rating_ids,omitempty" nullable:"false" maxItems:"1000" doc:"Or erase these ratings"`
	By         string     `json:"by,omitempty" maxLength:"50" doc:"Who asks, for the audit, such as a ticket" example:"ticket 4711"`
}

// CustomerID is a customer as a rating names it: a string, or an integer that is taken as its digits.
type CustomerID string

// Schema implements huma.SchemaProvider.
func (CustomerID) Schema(huma.Registry) *huma.Schema {
	one := 1
	most := event.MaxCustomerID
	return &huma.Schema{Examples: []any{"c-1001"}, Description: "Erase all ratings of this customer, as in the ratings: an integer is taken as its digits",
		AnyOf: []*huma.Schema{{Type: huma.TypeString, MinLength: &one, MaxLength: &most}, {Type: huma.TypeInteger}}}
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *CustomerID) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(c))
	}
	if len(text) > event.MaxCustomerID || bytes.ContainsAny(text, ".eE") {
		return errors.New("customer_id: want a string of 1 to 128 characters, or an integer")
	}
	*c = CustomerID(text)
	return nil
}

type eraseOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where to ask how far it is"`
	Body     Erasure
}

// Erasure is how far an erasure is.
type Erasure struct {
	ID          string     `json:"id"`
	State       string     `json:"state" enum:"asked,durable,finished" doc:"asked: the erasures are in Kafka; durable: no read shows the text any more, and all figures are without it; finished: no active part on disk holds it"`
	Ratings     uint64     `json:"ratings" doc:"Ratings that are erased; more may come with finished"`
	DeadLetters uint64     `json:"dead_letters" doc:"Rejected records that were deleted"`
	RequestedAt time.Time  `json:"requested_at"`
	FinishedAt  *time.Time `json:"finished_at" doc:"Null before"`
}

func erasureOf(e *clickhouse.Erasure) Erasure {
	out := Erasure{ID: e.ID, State: string(e.State), Ratings: e.Ratings, DeadLetters: e.DeadLetters, RequestedAt: e.RequestedAt}
	if !e.FinishedAt.IsZero() {
		out.FinishedAt = &e.FinishedAt
	}
	return out
}

func eraseOperation() huma.Operation {
	return huma.Operation{
		OperationID: "erase", Method: http.MethodPost, Path: base + "/erase", Tags: []string{"ratings"}, DefaultStatus: http.StatusAccepted,
		MaxBodyBytes: 128 << 10, // 1,000 ids
		Summary:      "Erase ratings, or all ratings of a customer",
		Description: "For ever: comment, answers and attributes are removed, every figure is made anew without the ratings, and rejected records that name them are deleted. " +
			"The answer comes when Kafka has the erasures; Location says how far the rest is. Asking again is harmless. The records in Kafka stay until the retention of the topics. " +
			"Without sign-in, whoever reaches this may erase: let only those reach it who may.",
		Errors: []int{http.StatusBadRequest, http.StatusRequestTimeout, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
			http.StatusMisdirectedRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
}

func (a *API) erase(ctx context.Context, in *eraseInput) (*eraseOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	if in.Body.CustomerID != "" && len(in.Body.RatingIDs) > 0 {
		const want = "either customer_id or rating_ids: which of them was meant is not for us to say"
		return nil, problem.New(http.StatusUnprocessableEntity, "customer_id beside rating_ids: want %s", want).
			With(problem.Entry{Field: "rating_ids", Pointer: "#/rating_ids", Want: want, Detail: "rating_ids: given beside customer_id: want " + want})
	}
	entry, err := a.Eraser.Erase(ctx, in.Body.request())
	switch {
	case errors.Is(err, erasure.ErrRequest):
		return nil, problem.New(http.StatusUnprocessableEntity, "%v; name either customer_id or rating_ids", err)
	case errors.Is(err, erasure.ErrBusy), errors.Is(err, erasure.ErrNoEpoch):
		return nil, problem.New(http.StatusServiceUnavailable, "%v", err).RetryAfter(retryRead)
	case err != nil:
		return nil, a.unerasable(ctx, err)
	}
	return &eraseOutput{http.StatusAccepted, base + "/erase/" + entry.ID, erasureOf(&entry)}, nil
}

func (r *EraseRequest) request() erasure.Request {
	out := erasure.Request{Kind: erasure.KindRating, IDs: r.RatingIDs, By: "api"}
	if r.By != "" {
		out.By += ": " + r.By
	}
	if r.CustomerID != "" {
		out.Kind, out.IDs = erasure.KindCustomer, []string{string(r.CustomerID)}
	}
	return out
}

// unerasable is the problem with an erasure that could not be begun or read, which is logged here.
func (a *API) unerasable(ctx context.Context, err error) *problem.Problem {
	if !errors.Is(err, context.Canceled) {
		a.burst.Error().Str("request_id", guard.RequestID(ctx)).Err(err).Msg("erase ratings")
	}
	return problem.New(http.StatusServiceUnavailable, "Kafka or ClickHouse did not answer: ask again, which does no harm").RetryAfter(retryKafka)
}

type erasureInput struct {
	ID string `path:"id" maxLength:"64" doc:"Identity of the erasure"`
}

type erasureOutput struct{ Body Erasure }

func erasureOperation() huma.Operation {
	return huma.Operation{
		OperationID: "erasure", Method: http.MethodGet, Path: base + "/erase/{id}", Tags: []string{"ratings"},
		Summary: "Say how far an erasure is", Errors: append([]int{http.StatusNotFound}, refusals...),
	}
}

func (a *API) erasure(ctx context.Context, in *erasureInput) (*erasureOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	entry, err := a.Eraser.Erasure(ctx, in.ID)
	switch {
	case errors.Is(err, clickhouse.ErrUnknownErasure):
		return nil, problem.New(http.StatusNotFound, "there is no erasure of this id")
	case err != nil:
		return nil, a.unerasable(ctx, err)
	}
	return &erasureOutput{erasureOf(&entry)}, nil
}
