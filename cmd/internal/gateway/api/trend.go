package api

import (
	"context"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

type trendInput struct {
	CustomerID string `path:"customer_id" doc:"The customer, as in the ratings or as in an answer; . and .. as %2E and %2E%2E" example:"c-1001"`
	Days       string `query:"days" doc:"How many days back from now, 1 to 800; 90 when missing" example:"90"`
	From       string `query:"from" doc:"In place of days: start, RFC 3339" example:"2026-01-01T00:00:00Z"`
	To         string `query:"to" doc:"End, exclusive; now when missing" example:"2026-04-01T00:00:00Z"`
	Period     string `query:"period" doc:"day or week; day when missing" example:"week"`
}

type trendOutput struct{ Body Trend }

// Trend is how a customer rated over time.
type Trend struct {
	CustomerID string `json:"customer_id"`
	AsOf
	Period  string   `json:"period" enum:"day,week"`
	Overall Figures  `json:"overall" doc:"All of the time"`
	Periods []Period `json:"periods" nullable:"false" doc:"Every period of the time, the empty ones too"`
	Change  Change   `json:"change"`
}

// Period is a day, or a week from Monday on, in the time zone of the windows.
type Period struct {
	From             time.Time `json:"from"`
	To               time.Time `json:"to"`
	Responses        int64     `json:"responses"`
	Ratings          int64     `json:"ratings"`
	AverageRating    *float64  `json:"average_rating" doc:"Null without ratings"`
	SatisfactionRate *float64  `json:"satisfaction_rate" doc:"Null without ratings"`
}

// Change compares the last period that has ratings with the first one. It is a difference and no more: a few ratings say
// little about a trend.
type Change struct {
	First            *time.Time `json:"first" doc:"Start of the first period with ratings; null without any"`
	Last             *time.Time `json:"last" doc:"Start of the last period with ratings; null without any"`
	AverageRating    *float64   `json:"average_rating" doc:"Mean of the last less that of the first; null unless there are two"`
	SatisfactionRate *float64   `json:"satisfaction_rate" doc:"Share of the last less that of the first; null unless there are two"`
}

func (a *API) trendOperation() huma.Operation {
	return huma.Operation{
		OperationID: "customer-trend", Method: http.MethodGet, Path: base + "/trends/{customer_id}", Tags: []string{"figures"},
		Summary:                      "Give the trend of a customer",
		Description:                  "Made of the facts, so it is as exact as a window. A customer without ratings has periods without figures.",
		Errors:                       refusals,
		RejectUnknownQueryParameters: true,
	}
}

func (a *API) trend(ctx context.Context, in *trendInput) (*trendOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Config.QueryTimeout)
	defer cancel()
	e, err := a.epoch(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	span, step, entries := in.time(now)
	if len(entries) > 0 {
		return nil, refusedParameters(entries)
	}
	span = wholePeriods(span, step, e.Definition.TimezoneOffset)
	fresh, err := a.Reader.Freshness(ctx, e)
	if err != nil {
		return nil, a.unreadable(ctx, err)
	}
	groups, err := a.detailOf(ctx, e, window.Key{Dimension: clickhouse.Customer, Value: in.CustomerID}, span, day, now)
	if err != nil {
		return nil, a.unreadable(ctx, err)
	}
	out := Trend{CustomerID: in.CustomerID, AsOf: a.asOf(e, &fresh, span, now), Period: periods[step]}
	var total window.Sums
	out.Periods, total = periodsOf(groups, span, step, e.Definition.TimezoneOffset)
	out.Overall, out.Change = a.figures(&total, e.Definition.Quality), changeOf(out.Periods)
	return &trendOutput{out}, nil
}

const wantCustomer = "1 to 128 characters of UTF-8"

const (
	day         = 24 * time.Hour
	week        = 7 * day
	defaultDays = 90
)

var periods = map[time.Duration]string{day: "day", week: "week"}

func (in *trendInput) time(now time.Time) (span clickhouse.Span, step time.Duration, entries []problem.Entry) {
	switch in.Period {
	case "", "day":
		step = day
	case "week":
		step = week
	default:
		entries = append(entries, parameter("period", in.Period, "day or week"))
	}
	if n := utf8.RuneCountInString(in.CustomerID); n > event.MaxCustomerID || !utf8.ValidString(in.CustomerID) {
		entries = append(entries, problem.Entry{Parameter: "customer_id", Want: wantCustomer, Detail: "customer_id: " + strconv.Itoa(n) + " characters: want " + wantCustomer})
	}
	if in.From != "" || in.To != "" {
		if in.Days != "" {
			return span, step, append(entries, parameter("days", in.Days, "either days, or from and to"))
		}
		span, wrong := spanOf(in.From, in.To, now)
		return span, step, append(entries, wrong...)
	}
	days := defaultDays
	if in.Days != "" {
		n, err := strconv.Atoi(in.Days)
		if days = n; err != nil || n < 1 || n > int(longestSpan/day) {
			entries = append(entries, parameter("days", in.Days, "a whole number from 1 to 800"))
		}
	}
	return clickhouse.Span{From: now.Add(-time.Duration(days-1) * day), To: now}, step, entries
}

// wholePeriods widens the span to whole periods in the zone of the windows.
func wholePeriods(s clickhouse.Span, step, offset time.Duration) clickhouse.Span {
	from := startOf(s.From, step, offset)
	to := startOf(s.To.Add(-time.Millisecond), step, offset).Add(step)
	return clickhouse.Span{From: from, To: to}
}

// startOf returns the start of the period that holds the time. Weeks begin on Mondays.
func startOf(at time.Time, step, offset time.Duration) time.Time {
	if step == week {
		offset += 3 * day // the Unix epoch was a Thursday
	}
	ms := at.UnixMilli() + offset.Milliseconds()
	return time.UnixMilli(ms - ms%step.Milliseconds() - offset.Milliseconds()).UTC()
}

// periodsOf returns all periods of the span, made of groups of days, and the sums of all that customers gave.
func periodsOf(groups []clickhouse.DetailGroup, span clickhouse.Span, step, offset time.Duration) (list []Period, total window.Sums) {
	list = []Period{} // never null
	byStart := map[int64]*window.Sums{}
	for i := range groups {
		g := &groups[i]
		if g.Key.Dimension == window.Staff {
			continue
		}
		at := startOf(g.At, step, offset).Unix()
		if byStart[at] == nil {
			byStart[at] = &window.Sums{}
		}
		byStart[at].Add(&g.Sums)
		total.Add(&g.Sums)
	}
	for at := span.From; at.Before(span.To); at = at.Add(step) {
		s := byStart[at.Unix()]
		if s == nil {
			s = &window.Sums{}
		}
		list = append(list, Period{From: at, To: at.Add(step), Responses: s.Responses(), Ratings: s.Ratings,
			AverageRating: ratio(s.Sum, float64(s.Ratings)*100), SatisfactionRate: share(s.Satisfied, s)})
	}
	return list, total
}

func changeOf(list []Period) Change {
	var first, last *Period
	for i := range list {
		if list[i].Ratings == 0 {
			continue
		}
		if last = &list[i]; first == nil {
			first = last
		}
	}
	if first == nil {
		return Change{}
	}
	c := Change{First: &first.From, Last: &last.From}
	if first != last {
		mean, share := *last.AverageRating-*first.AverageRating, *last.SatisfactionRate-*first.SatisfactionRate
		c.AverageRating, c.SatisfactionRate = &mean, &share
	}
	return c
}
