package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

type alertsInput struct {
	State      string `query:"state" doc:"Only these states, with commas between: open, acknowledged, contacted, resolved, verified; at_work means the first three" example:"at_work"`
	Rule       string `query:"rule" doc:"Only these rules, with commas between: low_rating, low_mean, falling, group_falling" example:"low_rating"`
	Severity   string `query:"severity" doc:"Only these severities, with commas between: minor, major, critical" example:"critical,major"`
	CustomerID string `query:"customer_id" doc:"Only of this customer, as in the ratings or as in an answer" example:"c-1001"`
	Service    string `query:"service" doc:"Only about this service, or about customers who rated it last" example:"data_analysis"`
	Segment    string `query:"segment" doc:"Only about this segment, or about customers in it" example:"vip"`
	Assignee   string `query:"assignee" doc:"Only this person's; - means nobody's" example:"li.na"`
	Overdue    string `query:"overdue" doc:"true: only those of which a due time has passed" example:"true"`
	OpenedFrom string `query:"opened_from" doc:"Only opened from then on, RFC 3339" example:"2026-03-01T00:00:00Z"`
	OpenedTo   string `query:"opened_to" doc:"Only opened before, RFC 3339" example:"2026-04-01T00:00:00Z"`
	Limit      string `query:"limit" doc:"How many at most, 1 to 500; 50 when missing" example:"50"`
	Cursor     string `query:"cursor" doc:"The next_cursor of the page before"`
}

type alertsOutput struct{ Body AlertPage }

// AlertPage is a part of the alerts.
type AlertPage struct {
	Alerts     []Alert `json:"alerts" nullable:"false" doc:"The last opened first"`
	NextCursor *string `json:"next_cursor" doc:"Cursor of the next page; null on the last"`
}

func (a *API) alertsOperation() huma.Operation {
	return huma.Operation{
		OperationID: "alerts", Method: http.MethodGet, Path: base + "/alerts", Tags: []string{"alerts"},
		Summary:                      "List alerts on customers, services and segments",
		Description:                  "The last opened first. A filter that is not known is refused with what there is.",
		Errors:                       refusals,
		RejectUnknownQueryParameters: true,
	}
}

func (a *API) alerts(ctx context.Context, in *alertsInput) (*alertsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	now := a.Now()
	f, entries := in.filter(now)
	if len(entries) > 0 {
		return nil, refusedParameters(entries)
	}
	all, next, err := a.list(ctx, f, in.CustomerID, now)
	switch {
	case errors.Is(err, clickhouse.ErrUnknownPage):
		return nil, refusedParameters([]problem.Entry{parameter("cursor", in.Cursor, "the next_cursor of the page before")})
	case err != nil:
		return nil, a.unreadable(ctx, err)
	}
	out := AlertPage{Alerts: a.alertsOf(all, now)}
	if next != "" {
		out.NextCursor = &next
	}
	return &alertsOutput{out}, nil
}

// list lists the alerts, only those of the customer if there is one, who is named as producers do or as answers do.
func (a *API) list(ctx context.Context, f clickhouse.AlertFilter, customer string, now time.Time) (all []alert.Alert, next string, err error) {
	if customer == "" {
		return a.Alerts.List(ctx, f)
	}
	for _, id := range a.storedAs(customer, now) {
		f.Dimension, f.Value = alert.Customer, id
		if all, next, err = a.Alerts.List(ctx, f); err != nil || len(all) > 0 {
			break
		}
	}
	return all, next, err
}

func (a *API) alertsOf(all []alert.Alert, now time.Time) []Alert {
	out := make([]Alert, len(all))
	for i := range all {
		out[i] = a.alertOf(&all[i], now)
	}
	return out
}

const (
	defaultAlerts = 50
	mostAlerts    = 500
	nobody        = "-"
)

// filter returns what is asked for, but for the customer, and all that is wrong in it.
func (in *alertsInput) filter(now time.Time) (f clickhouse.AlertFilter, entries []problem.Entry) {
	f.Service, f.Segment, f.Assignee, f.After = in.Service, in.Segment, in.Assignee, in.Cursor
	if in.Assignee == nobody {
		f.Assignee, f.Unassigned = "", true
	}
	f.States, entries = choose("state", strings.ReplaceAll(in.State, "at_work", "open,acknowledged,contacted"), alert.AllStates(), entries)
	f.Rules, entries = choose("rule", in.Rule, alert.AllRules(), entries)
	f.Severities, entries = choose("severity", in.Severity, alert.AllSeverities(), entries)
	f.Limit, entries = limitOf(in.Limit, defaultAlerts, entries)
	switch in.Overdue {
	case "":
	case "true":
		f.OverdueAt = now
	default:
		entries = append(entries, parameter("overdue", in.Overdue, "true, or nothing"))
	}
	f.From, entries = timeOf("opened_from", in.OpenedFrom, entries)
	f.To, entries = timeOf("opened_to", in.OpenedTo, entries)
	return f, entries
}

// choose returns which of the values a list names.
func choose[V any](name, list string, from []V, entries []problem.Entry) (chosen []V, _ []problem.Entry) {
	if list == "" {
		return nil, entries
	}
	known, words := map[string]V{}, make([]string, len(from))
	for i, v := range from {
		words[i] = fmt.Sprint(v)
		known[words[i]] = v
	}
	for part := range strings.SplitSeq(list, ",") {
		v, ok := known[strings.TrimSpace(part)]
		if !ok {
			return nil, append(entries, parameter(name, list, "some of "+strings.Join(words, ", ")+", with commas between"))
		}
		chosen = append(chosen, v)
	}
	return chosen, entries
}

func limitOf(text string, missing int, entries []problem.Entry) (int, []problem.Entry) {
	if text == "" {
		return missing, entries
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostAlerts {
		entries = append(entries, parameter("limit", text, "a whole number from 1 to "+strconv.Itoa(mostAlerts)))
	}
	return n, entries
}

func timeOf(name, text string, entries []problem.Entry) (time.Time, []problem.Entry) {
	if text == "" {
		return time.Time{}, entries
	}
	at, ok := readTime(text)
	if !ok {
		return at, append(entries, parameter(name, text, wantTime))
	}
	return at, entries
}
