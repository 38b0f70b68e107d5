package api

import (
	"context"
	"errors"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
)

// recordInput hands the request on as it is.
type recordInput struct{ request *http.Request }

// Resolve implements huma.Resolver.
func (in *recordInput) Resolve(ctx huma.Context) []error {
	in.request, _ = humago.Unwrap(ctx)
	return nil
}

type recordOutput struct{ Body Recorded }

// Recorded is the answer to ratings that were all accepted.
type Recorded struct {
	Accepted int      `json:"accepted" doc:"Ratings that Kafka has acknowledged; erasures are among them"`
	Ratings  []Rating `json:"ratings" nullable:"false" doc:"The ratings as they are stored, in the order of the body. Of NDJSON only those whose identity the gateway made, each with its line"`
}

// RecordProblem is the answer when ratings were refused or Kafka was not reached.
type RecordProblem struct {
	problem.Problem
	Accepted        int      `json:"accepted" doc:"Ratings that Kafka has acknowledged in spite of the problem"`
	Ratings         []Rating `json:"ratings,omitempty" doc:"Ratings that Kafka did not acknowledge, each with its row or line, and with the identity that the gateway gave it: send them again with just this rating_id and occurred_at"`
	AcceptedRatings []Rating `json:"accepted_ratings,omitempty" doc:"Accepted ratings whose identity the gateway made, each with its row or line: not to be sent again, unless with just this rating_id and occurred_at"`
	ResumeLine      int      `json:"resume_line,omitempty" doc:"First line of an NDJSON body from which on to send again: every line before it was accepted, or is listed in errors. A line from here on that ratings or accepted_ratings list goes with the rating_id and occurred_at that they give it"`
}

func recordOperation(schemas huma.Registry) huma.Operation {
	refusal := schemas.Schema(reflect.TypeFor[RecordProblem](), true, "RecordProblem")
	responses := problems(schemas, map[int]string{
		http.StatusForbidden:            "A page of another origin",
		http.StatusMisdirectedRequest:   "A host that is not this server's",
		http.StatusUnsupportedMediaType: "A media type, charset or coding that is not understood; Accept-Post lists those that are",
		http.StatusTooManyRequests:      "Too many requests; try again after the time in Retry-After",
	})
	for status, about := range map[int]string{
		http.StatusBadRequest:            "A body that broke off",
		http.StatusRequestTimeout:        "A body that did not come in time",
		http.StatusRequestEntityTooLarge: "A body that is too large",
		http.StatusUnprocessableEntity:   "Ratings that are wrong, with an entry for each field. Of a JSON body nothing was accepted; of NDJSON the good lines were, as accepted says",
		http.StatusServiceUnavailable:    "Kafka did not acknowledge in time; try again after the time in Retry-After",
	} {
		responses[strconv.Itoa(status)] = &huma.Response{Description: about, Content: map[string]*huma.MediaType{problem.ContentType: {Schema: refusal}}}
	}
	return huma.Operation{
		OperationID: "record-ratings", Method: http.MethodPost, Path: base + "/record", Tags: []string{"ratings"},
		Summary: "Record ratings",
		Description: "Takes new ratings, corrections (the same rating_id with a higher revision) and erasures (op: erase). " +
			"The answer comes when Kafka has them on all in-sync replicas. Sending again is harmless where every rating has its own rating_id.",
		Responses: responses,
	}
}

// recordBody documents the body. It is added once the operation is registered, else huma would read the body itself. The
// forms of CloudEvents are told in words: clients that are generated for several JSON types at once can't send any.
func (a *API) recordBody(o *huma.OpenAPI) {
	o.Components.Schemas.Map()["RatingEvent"] = ratingSchema(a.Events)
	one := &huma.Schema{Ref: "#/components/schemas/RatingEvent"}
	many := &huma.Schema{Type: huma.TypeArray, Items: one}
	var about []string
	for _, f := range forms[:len(forms)-1] {
		about = append(about, "`"+f.contentType+"`: "+f.about)
	}
	o.Paths[base+"/record"].Post.RequestBody = &huma.RequestBody{Required: true, Description: strings.Join(about, "\n\n"), Content: map[string]*huma.MediaType{
		first + forms[0].contentType: {Schema: &huma.Schema{OneOf: []*huma.Schema{one, many}}, Example: map[string]any{
			"customer_id": "c-1001", "service": a.Events.Services[0], "rating": 4.5, "comment": "quick and clear"}},
		forms[1].contentType: {Schema: one},
	}}
}

// record answers a POST of ratings.
func (a *API) record(ctx context.Context, in *recordInput) (*recordOutput, error) {
	form, wrong := formOf(in.request.Header)
	if wrong != nil {
		a.metrics.refused.WithLabelValues(reasonMediaType).Inc()
		return nil, wrong
	}
	weight := a.weight(form, in.request.ContentLength)
	if !a.inFlight.TryAcquire(weight) {
		a.metrics.refused.WithLabelValues(reasonBusy).Inc()
		return nil, &RecordProblem{Problem: *problem.New(http.StatusServiceUnavailable, "too many ratings at one time: try again in a moment").RetryAfter(time.Second)}
	}
	defer a.inFlight.Release(weight)
	if form.lines {
		return a.recordLines(ctx, in.request)
	}
	return a.recordWhole(ctx, form, in.request)
}

// heldFactor is how many times its own size a body takes at most: itself, the messages made of it, the same in the
// producer, and the answer.
const heldFactor = 8

// weight estimates the memory that a body takes, in bytes. Of a streamed body a line and a chunk are held.
func (a *API) weight(f *form, length int64) int64 {
	const least = 4 << 10
	if f.lines || length < 0 || length > a.Config.MaxBody {
		length = a.Config.MaxBody
	}
	return heldFactor * max(least, length)
}

// broken is the problem with a body that did not come as it should.
func (a *API) broken(err error) *RecordProblem {
	a.metrics.refused.WithLabelValues(reasonBroken).Inc()
	switch {
	case errors.Is(err, guard.ErrDraining):
		return &RecordProblem{Problem: *problem.New(http.StatusServiceUnavailable,
			"the gateway is shutting down and did not wait for the rest of the body: send it again").RetryAfter(retryKafka)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &RecordProblem{Problem: *problem.New(http.StatusRequestTimeout, "the body did not come within %s", a.Config.BodyTimeout)}
	}
	return &RecordProblem{Problem: *problem.New(http.StatusBadRequest, "the body broke off before its end")}
}
