package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// Alerts are the alerts on customers, services and segments; alerting.Service and alerting.Reader are such.
type Alerts interface {
	List(ctx context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error)
	Get(ctx context.Context, id string) (alert.Alert, []alert.Entry, error)
	Act(ctx context.Context, id string, version uint64, do alert.Request) (alert.Alert, []alert.Entry, error)
	Watchlist(ctx context.Context, limit int, cursor string) (alerting.Watchlist, error)
	Reason(a *alert.Alert) alerting.Text
}

type alertInput struct {
	ID string `path:"id" maxLength:"64" doc:"Identity of the alert" example:"4zqz3n6ud2qmkd5nvvka"`
}

type alertOutput struct {
	ETag string `header:"ETag" doc:"Version of the alert, for If-Match" example:"\"3\""`
	Body AlertWithRecord
}

// AlertWithRecord is an alert and all that happened to it.
type AlertWithRecord struct {
	Alert
	Record []AlertEntry `json:"record" nullable:"false" doc:"Every change, the oldest first; empty in the answer to an action that was taken when it could not be read then"`
}

func (a *API) alertOperation() huma.Operation {
	return huma.Operation{
		OperationID: "alert", Method: http.MethodGet, Path: base + "/alerts/{id}", Tags: []string{"alerts"},
		Summary: "Give an alert with its record", Errors: append([]int{http.StatusNotFound}, refusals...),
	}
}

func (a *API) alert(ctx context.Context, in *alertInput) (*alertOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	return a.alertAnswer(ctx, in.ID)
}

func (a *API) alertAnswer(ctx context.Context, id string) (*alertOutput, error) {
	found, record, err := a.Alerts.Get(ctx, id)
	switch {
	case errors.Is(err, alerting.ErrUnknown):
		return nil, unknownAlert()
	case err != nil:
		return nil, a.unreadable(ctx, err)
	}
	return a.alertOutput(&found, record), nil
}

func (a *API) alertOutput(found *alert.Alert, record []alert.Entry) *alertOutput {
	return &alertOutput{etag(found.Version), AlertWithRecord{a.alertOf(found, a.Now()), entriesOf(record)}}
}

func unknownAlert() *problem.Problem {
	return problem.New(http.StatusNotFound, "there is no alert of this id")
}
