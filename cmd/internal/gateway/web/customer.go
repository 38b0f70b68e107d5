package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// customerPage says how a customer rates.
type customerPage struct {
	asOf
	ID          string
	Window      time.Duration // of Now and Before
	Now, Before figure
	Change      change
	Days        int    // that the trend shows
	Trend       *chart // nil without ratings in it
	Alerts      []alertRow
	Last        []lastRating
	LastSince   time.Time // of what Last was looked for in
}

// lastRating is a rating as the page of its customer shows it.
type lastRating struct {
	alert.Rating
	Points float64
	Low    bool
}

const (
	lastRatings   = 12
	longestTrend  = 90
	customerReach = 800 * day // facts are kept for a little less by default
)

// findCustomer leads from the id that is typed to the page of the customer, who may be stored under another one.
func (w *Web) findCustomer(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("id")
	if id == "." || id == ".." {
		r.SetPathValue("id", id)
		return w.customer(ctx, rw, r)
	}
	if id == "" {
		return w.unknown(rw, r, alert.Customer, nil)
	}
	if !admit.IsPseudonym(id) { // else it may be one that a page or an answer holds: the page of the customer decides
		id = w.Stored(id)
	}
	w.leadTo(rw, r, id)
	return nil
}

func (w *Web) leadTo(rw http.ResponseWriter, r *http.Request, stored string) {
	http.Redirect(rw, r, w.to(alerting.PagePath(alert.Subject{Dimension: alert.Customer, Value: stored}), languageOf(r)), http.StatusSeeOther)
}

func (w *Web) customer(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	s := w.say(r)
	e, err := w.epoch(ctx)
	if err != nil {
		return err
	}
	body := customerPage{ID: r.PathValue("id"), Window: w.Window, Days: longestTrend}
	if r.URL.Query().Get("days") == "28" {
		body.Days = 28
	}
	if body.asOf, err = w.asOf(ctx, e); err != nil {
		return err
	}
	alerts, _, err := w.Alerts.List(ctx, clickhouse.AlertFilter{Dimension: alert.Customer, Value: body.ID, Limit: perPage})
	if err != nil {
		return err
	}
	body.Alerts = w.rows(alerts, s)
	if err := w.rated(ctx, e, &body, s); err != nil {
		return err
	}
	if len(body.Last) == 0 && len(alerts) == 0 {
		ever, err := w.sumOfCustomer(ctx, e, body.ID, clickhouse.Span{From: s.now.Add(-customerReach), To: s.now})
		if err != nil || ever.IsZero() {
			return w.otherwise(ctx, rw, r, e, body.ID, err)
		}
	}
	w.render(rw, r, http.StatusOK, "customer.html", body.ID, body)
	return nil
}

// otherwise leads to the customer whom producers call by an id that nothing is stored under, or says that there is none.
func (w *Web) otherwise(ctx context.Context, rw http.ResponseWriter, r *http.Request, e *clickhouse.Epoch, id string, err error) error {
	stored := w.Stored(id)
	if err != nil || stored == id {
		return w.unknown(rw, r, alert.Customer, err)
	}
	now := w.say(r).now
	ever, err := w.sumOfCustomer(ctx, e, stored, clickhouse.Span{From: now.Add(-customerReach), To: now})
	if err != nil || ever.IsZero() {
		return w.unknown(rw, r, alert.Customer, err)
	}
	w.leadTo(rw, r, stored)
	return nil
}

// rated reads what the customer has rated. The windows are those of alerts: they end now, to the millisecond.
func (w *Web) rated(ctx context.Context, e *clickhouse.Epoch, body *customerPage, s say) error {
	end := s.now.Add(time.Millisecond)
	for _, part := range []struct {
		to   time.Time
		into *figure
	}{{end, &body.Now}, {end.Add(-w.Window), &body.Before}} {
		sums, err := w.sumOfCustomer(ctx, e, body.ID, clickhouse.Span{From: part.to.Add(-w.Window), To: part.to})
		if err != nil {
			return err
		}
		*part.into = w.figure(&sums)
	}
	begin, err := w.Reader.Begin(ctx, e)
	if err != nil {
		return err
	}
	body.Change = changeOf(&body.Now, &body.Before, end.Add(-2*w.Window), begin)
	first := s.midnight(s.now).Add(-(longestTrend - 1) * day)
	groups, err := w.Reader.Detail(ctx, e, window.Key{Dimension: clickhouse.Customer, Value: body.ID}, clickhouse.Span{From: first, To: end}, day)
	if err != nil {
		return err
	}
	days := daysOf(groups, first, longestTrend)
	body.Trend = w.customerTrend(days[longestTrend-body.Days:], first.Add(time.Duration(longestTrend-body.Days)*day), s)
	body.LastSince = first
	return w.lastOf(ctx, e, body, days, first, s)
}

// sumOfCustomer sums what the customer gave in the span. What staff gave is not among it.
func (w *Web) sumOfCustomer(ctx context.Context, e *clickhouse.Epoch, id string, span clickhouse.Span) (sum window.Sums, err error) {
	groups, err := w.Reader.Detail(ctx, e, window.Key{Dimension: clickhouse.Customer, Value: id}, span, 0)
	for i := range groups {
		if groups[i].Key.Dimension != window.Staff {
			sum.Add(&groups[i].Sums)
		}
	}
	return sum, err
}

// daysOf are the sums of each of so many days from the first on.
func daysOf(groups []clickhouse.DetailGroup, first time.Time, n int) []window.Sums {
	days := make([]window.Sums, n)
	for i := range groups {
		if at := int(groups[i].At.Sub(first) / day); groups[i].Key.Dimension != window.Staff && at >= 0 && at < n {
			days[at].Add(&groups[i].Sums)
		}
	}
	return days
}

// lastOf reads the last ratings of the customer, from the days alone that hold them.
func (w *Web) lastOf(ctx context.Context, e *clickhouse.Epoch, body *customerPage, days []window.Sums, first time.Time, s say) error {
	var found int64
	from := len(days)
	for ; from > 0 && found < lastRatings; from-- {
		found += days[from-1].Ratings
	}
	if found == 0 {
		return nil
	}
	ratings, err := w.Ratings.Ratings(ctx, e, []string{body.ID}, first.Add(time.Duration(from)*day), s.now)
	for _, r := range slices.Backward(ratings[body.ID]) {
		if r.Counts && r.Rating > 0 && len(body.Last) < lastRatings {
			body.Last = append(body.Last, lastRating{r, float64(r.Rating) / 100, r.Rating < w.Bands.Alert})
		}
	}
	return err
}

// customerTrend is the chart of the mean of each day; nil without ratings.
func (w *Web) customerTrend(days []window.Sums, first time.Time, s say) *chart {
	c := &chart{ID: "trend", Columns: []string{s.in("Day", "日期"), s.in("Mean", "均值")}}
	var total window.Sums
	rated := 0
	for i := range days {
		total.Add(&days[i])
		f := w.figure(&days[i])
		if f.N > 0 {
			rated++
		}
		c.Points = append(c.Points, point{When: s.Date(first.Add(time.Duration(i) * day)), N: f.N, Value: f.Mean, Low: f.Mean, High: f.Mean, Text: s.MeanText(f)})
	}
	if rated == 0 {
		return nil
	}
	all := w.figure(&total)
	c.Title = s.plural(all.N, "1 rating", "%s ratings", "%s 个评分") + s.plural(int64(rated), " on 1 day", " on %s days", "，分布在 %s 天") +
		s.in(", mean "+s.MeanPoints(all)+".", "，均值 "+s.MeanPoints(all))
	limit := float64(w.Bands.Alert) / 100
	f := frame{Low: 1, High: 5, Step: 1, Unit: s.Points, Line: limit, LineText: s.in("alert below ", "低于此值警报：") + s.Points(limit), Bars: s.in("ratings of the day", "当日评分数")}
	if since := len(days) - int(w.Window/day); since > 0 {
		f.Since, f.SinceText = since, s.in("last "+s.Days(w.Window), "近 "+s.Days(w.Window))
	}
	c.draw(f)
	return c
}
