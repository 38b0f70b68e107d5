package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
)

// alertActions are what people do about an alert, with what it means.
var alertActions = []struct {
	action         alert.Action
	summary, about string
}{
	{alert.Acknowledge, "Take notice of an alert", "It was open."},
	{alert.Assign, "Assign an alert", "To assignee, or with an empty one to nobody."},
	{alert.Contact, "Note that the customer was contacted", "That stops the clock of contact_due. An open alert is acknowledged by it."},
	{alert.Resolve, "Resolve an alert", "The comment says what helped, and is required. Alertmanager is told that it ended."},
	{alert.Verify, "Confirm that the resolution helped", "It was resolved."},
	{alert.Reopen, "Reopen an alert", "It was resolved or verified. Its clocks begin anew."},
	{alert.Comment, "Comment on an alert", "The comment is required."},
}

type actInput struct {
	ID      string `path:"id" maxLength:"64" doc:"Identity of the alert" example:"4zqz3n6ud2qmkd5nvvka"`
	IfMatch string `header:"If-Match" doc:"The ETag that the alert had when it was read: 412 if what the action changes, the state or the assignee, was changed since; comments never conflict. The same request with the same ETag, sent again as its answer was lost, is answered as the first time. Without it the action is taken whatever has changed" example:"\"3\""`
	Body    AlertRequest
}

// AlertRequest is what somebody does about an alert.
type AlertRequest struct {
	By       string `json:"by" doc:"Who does it, 1 to 128 characters" example:"li.na"`
	Comment  string `json:"comment,omitempty" doc:"Up to 4,000 characters; what helped, to resolve" example:"Called back, sent a new report"`
	Assignee string `json:"assignee,omitempty" doc:"To assign: who is to see to it, up to 128 characters" example:"wang.wei"`
}

func actOperation(i int) huma.Operation {
	do := &alertActions[i]
	return huma.Operation{
		OperationID: "alert-" + string(do.action), Method: http.MethodPost, Path: base + "/alerts/{id}/" + string(do.action), Tags: []string{"alerts"},
		Summary: do.summary, Description: do.about + " The answer is the alert as it then is.",
		MaxBodyBytes: 64 << 10, // a comment of 4,000 characters, escaped
		Errors: append([]int{http.StatusRequestTimeout, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusForbidden}, refusals...),
	}
}

// act returns the handler of an action.
func (a *API) act(action alert.Action) func(context.Context, *actInput) (*alertOutput, error) {
	return func(ctx context.Context, in *actInput) (*alertOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
		defer cancel()
		version, wrong := versionOf(in.IfMatch)
		if wrong != nil {
			return nil, wrong
		}
		do := alert.Request{Action: action, By: in.Body.By, Comment: in.Body.Comment, Assignee: in.Body.Assignee}
		acted, record, err := a.Alerts.Act(ctx, in.ID, version, do)
		if err != nil {
			return nil, a.unacted(ctx, err)
		}
		return a.alertOutput(&acted, record), nil // what was written is answered, whatever becomes of the next read
	}
}

// versionOf reads If-Match; 0 means any.
func versionOf(text string) (uint64, *problem.Problem) {
	if text == "" || text == "*" {
		return 0, nil
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "W/"), `"`), `"`)
	n, err := strconv.ParseUint(inner, 10, 64)
	if err != nil || n == 0 {
		e := parameter("If-Match", text, `the ETag of the alert, such as "3", or *`)
		return 0, problem.New(http.StatusUnprocessableEntity, "%s", e.Detail).With(e)
	}
	return n, nil
}

// unacted is the problem with an action that was not taken.
func (a *API) unacted(ctx context.Context, err error) *problem.Problem {
	var field *alert.FieldError
	var state *alert.StateError
	var version *alerting.VersionError
	switch {
	case errors.Is(err, alerting.ErrUnknown):
		return unknownAlert()
	case errors.As(err, &field):
		return problem.New(http.StatusUnprocessableEntity, "%v", err).
			With(problem.Entry{Pointer: "#/" + field.Field, Field: field.Field, Want: field.Want, Detail: field.Error()})
	case errors.As(err, &state):
		return problem.New(http.StatusConflict, "%v", err)
	case errors.As(err, &version):
		return problem.New(http.StatusPreconditionFailed, "%v", err).Header("ETag", etag(version.Present))
	case errors.Is(err, alerting.ErrReadOnly):
		return problem.New(http.StatusForbidden, "%v: ask the gateway that does", err)
	case errors.Is(err, alerting.ErrNotReady):
		return problem.New(http.StatusServiceUnavailable, "%v: ask again", err).RetryAfter(retryRead)
	case !errors.Is(err, context.Canceled):
		a.burst.Error().Str("request_id", guard.RequestID(ctx)).Err(err).Msg("act on an alert")
	}
	return problem.New(http.StatusServiceUnavailable, "ClickHouse did not answer: read the alert again, and see whether it was changed").RetryAfter(retryRead)
}
