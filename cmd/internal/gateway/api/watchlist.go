package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

type watchlistInput struct {
	Limit  string `query:"limit" doc:"How many customers at most, 1 to 500; 20 when missing" example:"20"`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before"`
}

type watchlistOutput struct{ Body Watchlist }

// Watchlist are the customers who need attention now.
type Watchlist struct {
	At         time.Time         `json:"at" doc:"When it was made"`
	Window     string            `json:"window" doc:"Length of the times that are compared" example:"28d"`
	Total      int               `json:"total" doc:"Customers who need attention, those of other pages too"`
	Customers  []WatchedCustomer `json:"customers" nullable:"false" doc:"The most urgent first"`
	NextCursor *string           `json:"next_cursor" doc:"Cursor of the next page; null on the last"`
}

// WatchedCustomer is a customer who needs attention, and why.
type WatchedCustomer struct {
	CustomerID string          `json:"customer_id" doc:"As it is stored"`
	Score      float64         `json:"score" doc:"Of each alert 1, 2 or 4 by severity, times the weight; half as much again while nobody has seen it, as much again when overdue"`
	Severity   string          `json:"severity" enum:"minor,major,critical" doc:"The highest of the alerts"`
	Overdue    bool            `json:"overdue" doc:"Whether a due time has passed"`
	Reason     string          `json:"reason" doc:"Of the alert that weighs most, in English" example:"a rating of 2.0, below 3.5"`
	ReasonZH   string          `json:"reason_zh" doc:"The same in Chinese" example:"评分 2.0，低于 3.5"`
	Alerts     []Alert         `json:"alerts" nullable:"false" doc:"At work, the one that weighs most first"`
	Last       []WatchedRating `json:"last" nullable:"false" doc:"The last five ratings with a score, the latest first"`
	Now        WatchedMean     `json:"now" doc:"The window that ends now"`
	Before     WatchedMean     `json:"before" doc:"The window before it"`
}

// WatchedRating is a rating in short.
type WatchedRating struct {
	RatingID   string    `json:"rating_id"`
	OccurredAt time.Time `json:"occurred_at"`
	Service    string    `json:"service"`
	Rating     float64   `json:"rating"`
}

// WatchedMean is a mean of so many ratings.
type WatchedMean struct {
	AverageRating *float64 `json:"average_rating" doc:"Null without ratings"`
	Ratings       int64    `json:"ratings"`
}

func (a *API) watchlistOperation() huma.Operation {
	return huma.Operation{
		OperationID: "watchlist", Method: http.MethodGet, Path: base + "/watchlist", Tags: []string{"alerts"},
		Summary:                      "Rank the customers who need attention now",
		Description:                  "Those with alerts at work, with their last ratings and whether they go up or down. A few ratings say little about a trend: the numbers are there to see that.",
		Errors:                       refusals,
		RejectUnknownQueryParameters: true,
	}
}

const defaultWatched = 20

func (a *API) watchlist(ctx context.Context, in *watchlistInput) (*watchlistOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	limit, entries := limitOf(in.Limit, defaultWatched, nil)
	if len(entries) > 0 {
		return nil, refusedParameters(entries)
	}
	list, err := a.Alerts.Watchlist(ctx, limit, in.Cursor)
	switch {
	case errors.Is(err, clickhouse.ErrUnknownPage):
		return nil, refusedParameters([]problem.Entry{parameter("cursor", in.Cursor, "the next_cursor of the page before")})
	case err != nil:
		return nil, a.unreadable(ctx, err)
	}
	now := a.Now()
	out := Watchlist{At: now.UTC(), Window: days(list.Window) + "d", Total: list.Total, Customers: make([]WatchedCustomer, len(list.Customers))}
	for i := range list.Customers {
		out.Customers[i] = a.watchedOf(&list.Customers[i], now)
	}
	if list.Next != "" {
		out.NextCursor = &list.Next
	}
	return &watchlistOutput{out}, nil
}

func (a *API) watchedOf(w *alerting.Watched, now time.Time) WatchedCustomer {
	reason := a.Alerts.Reason(&w.Alerts[0])
	return WatchedCustomer{
		CustomerID: w.Subject.Value, Score: w.Score, Severity: w.Severity.String(), Overdue: w.Overdue, Reason: reason.English, ReasonZH: reason.Chinese,
		Alerts: a.alertsOf(w.Alerts, now), Last: lastOf(w.Last), Now: meanOf(w.Mean), Before: meanOf(w.Before),
	}
}

func lastOf(ratings []alert.Rating) []WatchedRating {
	out := make([]WatchedRating, len(ratings))
	for i, r := range ratings {
		out[i] = WatchedRating{r.RatingID, r.OccurredAt.UTC(), r.Service, float64(r.Rating) / 100}
	}
	return out
}

func meanOf(m alerting.Mean) WatchedMean {
	if m.Ratings == 0 {
		return WatchedMean{}
	}
	points := m.Points()
	return WatchedMean{&points, m.Ratings}
}
