package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"satisflow/cmd/internal/api/problem"
)

// recordInput hands the request on as it is.
type recordInput struct {
	request *http.Request
	writer  http.ResponseWriter
}

// Resolve implements huma.Resolver.
func (in *recordInput) Resolve(ctx huma.Context) []error {
	in.request, in.writer = humago.Unwrap(ctx)
	return nil
}

type recordOutput struct{ Body Recorded }

// Recorded is the answer to ratings that were all accepted.
type Recorded struct {
	Accepted int      `json:"accepted" doc:"Ratings that Kafka has acknowledged; erasures are among them"`
	Ratings  []Rating `json:"ratings" nullable:"false" doc:"The ratings as they are stored, in the order of the body. Empty for NDJSON, whose lines are not echoed"`
}

// RecordProblem is the answer when ratings were refused or Kafka was not reached.
type RecordProblem struct {
	problem.Problem
	Accepted   int      `json:"accepted" doc:"Ratings that Kafka has acknowledged in spite of the problem"`
	Ratings    []Rating `json:"ratings,omitempty" doc:"Ratings that Kafka did not acknowledge, with the identity that the gateway gave them: send them again with just these rating_ids and times"`
	ResumeLine int      `json:"resume_line,omitempty" doc:"First line of an NDJSON body that was not dealt with: every line before it was accepted, or is listed in errors"`
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

// recordBody documents the body. It is added once the operation is registered, else huma would read the body itself.
func (a *API) recordBody(o *huma.OpenAPI) {
	o.Components.Schemas.Map()["RatingEvent"] = ratingSchema(a.Events)
	rating := &huma.Schema{Ref: "#/components/schemas/RatingEvent"}
	content := map[string]*huma.MediaType{}
	var about []string
	for _, f := range forms[:len(forms)-1] {
		content[f.contentType] = &huma.MediaType{Schema: f.schema(rating)}
		about = append(about, "`"+f.contentType+"`: "+f.about)
	}
	content[forms[0].contentType].Example = map[string]any{
		"customer_id": "c-1001", "service": a.Events.Services[0], "rating": 4.5, "comment": "quick and clear"}
	o.Paths[base+"/record"].Post.RequestBody = &huma.RequestBody{Required: true, Description: strings.Join(about, "\n\n"), Content: content}
}

// schema returns the schema of a body of the form.
func (f *form) schema(rating *huma.Schema) *huma.Schema {
	one := rating
	if f.envelope {
		one = &huma.Schema{Type: "object", Required: []string{"specversion", "id", "source", "type"},
			Properties: map[string]*huma.Schema{"specversion": {Type: "string", Enum: []any{"1.0"}}, "id": {Type: "string"}, "source": {Type: "string"},
				"type": {Type: "string"}, "time": {Type: "string", Format: "date-time"}, "data": {}}}
	}
	many := &huma.Schema{Type: "array", Items: one}
	switch {
	case f.batch:
		return many
	case f.lines || f.envelope:
		return one
	}
	return &huma.Schema{OneOf: []*huma.Schema{one, many}}
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
	body := a.bodyOf(in)
	if form.lines {
		return a.recordLines(ctx, body)
	}
	return a.recordWhole(ctx, form, in.request.Header, body)
}

// linesWeight is what a streamed body may hold: a line, a chunk of messages, and the same in the producer.
func linesWeight(maxBody int64) int64 { return 4 * maxBody }

// weight estimates the memory that a body takes, in bytes.
func (a *API) weight(f *form, length int64) int64 {
	const least = 4 << 10
	switch {
	case f.lines:
		return linesWeight(a.Config.MaxBody)
	case length < 0 || length > a.Config.MaxBody:
		return a.Config.MaxBody
	}
	return max(least, length)
}

// body is the body of a request and the deadline for it to come.
type body struct {
	io.Reader
	length  int64 // −1 when it was not said
	control *http.ResponseController
	timeout time.Duration
}

func (a *API) bodyOf(in *recordInput) *body {
	return &body{in.request.Body, in.request.ContentLength, http.NewResponseController(in.writer), a.Config.BodyTimeout}
}

// extend gives the next part of the body its time. The deadline is the connection's and so the clock's, not Options.Now's.
func (b *body) extend() { _ = b.control.SetReadDeadline(time.Now().Add(b.timeout)) } // without deadlines it still works

// broken is the problem with a body that did not come as it should.
func (a *API) broken(err error) *RecordProblem {
	a.metrics.refused.WithLabelValues(reasonBroken).Inc()
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &RecordProblem{Problem: *problem.New(http.StatusRequestTimeout, "the body did not come within %s", a.Config.BodyTimeout)}
	}
	return &RecordProblem{Problem: *problem.New(http.StatusBadRequest, "the body broke off before its end")}
}
