package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// alertsPage is the watch list, and the alerts that a filter means.
type alertsPage struct {
	Watched  []watchedRow // on the first page of alerts only
	Total    int          // customers who need attention
	WatchTo  string       // path of the next page of the watch list; empty for none
	Window   time.Duration
	Filter   alertForm
	Services []string // that the filter proposes
	Wrong    string   // what is wrong with the filter; empty for nothing
	Alerts   []alertRow
	Firing   firingPart // on the first page only
	Next     string     // path of the next page; empty for none
	First    bool
}

// watchedRow is a customer who needs attention.
type watchedRow struct {
	alerting.Watched
	First alertRow // the alert that weighs most
}

// More is how many more alerts the customer has.
func (r watchedRow) More() int { return len(r.Alerts) - 1 }

const (
	mostWatched = 10
	perPage     = 25
)

func (w *Web) alerts(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	s := w.say(r)
	form := formOf(r.URL.Query())
	body := alertsPage{Filter: form, Services: w.Options.Services, First: form.After == ""}
	status := http.StatusOK
	f, wrong := form.filter(s.now)
	if wrong == "" {
		alerts, next, err := w.Alerts.List(ctx, f)
		switch {
		case errors.Is(err, clickhouse.ErrUnknownPage):
			wrong = "after"
		case err != nil:
			return err
		}
		body.Alerts = w.rows(alerts, s)
		if next != "" {
			body.Next = form.path(next)
		}
	}
	if wrong != "" {
		status, body.Wrong = http.StatusUnprocessableEntity, wordsIn[s.lang].WrongFilter[wrong]
	}
	if body.First && form.Plain {
		body.Firing = w.firing(ctx, s, mostFiringShown, everything)
		err := w.watchlist(ctx, &body, s)
		switch {
		case errors.Is(err, clickhouse.ErrUnknownPage):
			status, body.Wrong = http.StatusUnprocessableEntity, wordsIn[s.lang].WrongFilter["after"]
		case err != nil:
			return err
		}
	}
	w.render(rw, r, status, "alerts.html", wordsIn[s.lang].Alerts, body)
	return nil
}

func (w *Web) watchlist(ctx context.Context, body *alertsPage, s say) error {
	list, err := w.Alerts.Watchlist(ctx, mostWatched, body.Filter.Watch)
	body.Total, body.Window = list.Total, list.Window
	if list.Next != "" {
		body.WatchTo = "/alerts?watch=" + url.QueryEscape(list.Next)
	}
	for i := range list.Customers {
		body.Watched = append(body.Watched, watchedRow{list.Customers[i], w.row(&list.Customers[i].Alerts[0], s)})
	}
	return err
}

// alertForm is the filter as the form and the address have it.
type alertForm struct {
	State, Rule, Severity, Service, Assignee string
	Overdue                                  bool
	After                                    string
	Watch                                    string // cursor of the watch list
	Plain                                    bool   // nothing was chosen
}

// Names of what stands for several states in the form.
const (
	statesAtWork = "at_work"
	statesAll    = "all"
	nobody       = "-"
)

func formOf(q url.Values) alertForm {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	f := alertForm{State: get("state"), Rule: get("rule"), Severity: get("severity"), Service: get("service"), Assignee: get("assignee"),
		Overdue: get("overdue") != "", After: get("after"), Watch: get("watch")}
	if f.State == "" {
		f.State = statesAtWork
	}
	f.Plain = f == alertForm{State: statesAtWork, After: f.After, Watch: f.Watch}
	return f
}

// filter returns what is asked for, or the name of the field that is wrong.
func (f *alertForm) filter(now time.Time) (clickhouse.AlertFilter, string) {
	to := clickhouse.AlertFilter{Service: f.Service, Assignee: f.Assignee, After: f.After, Limit: perPage}
	if f.Assignee == nobody {
		to.Assignee, to.Unassigned = "", true
	}
	if f.Overdue {
		to.OverdueAt = now
	}
	switch state, err := alert.ParseState(f.State); {
	case f.State == statesAtWork:
		to.States = atWork()
	case f.State == statesAll:
	case err != nil:
		return to, "state"
	default:
		to.States = []alert.State{state}
	}
	if f.Rule != "" {
		if !slices.Contains(alert.AllRules(), alert.Rule(f.Rule)) {
			return to, "rule"
		}
		to.Rules = []alert.Rule{alert.Rule(f.Rule)}
	}
	if f.Severity != "" {
		severity, err := alert.ParseSeverity(f.Severity)
		if err != nil {
			return to, "severity"
		}
		to.Severities = []alert.Severity{severity}
	}
	return to, ""
}

// Start is the path of the first page of the same filter.
func (f alertForm) Start() string { return f.path("") }

// path is that of the same filter on another page.
func (f alertForm) path(after string) string {
	q := url.Values{}
	for name, value := range map[string]string{"after": after, "state": f.State, "rule": f.Rule, "severity": f.Severity, "service": f.Service, "assignee": f.Assignee} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Overdue {
		q.Set("overdue", "true")
	}
	return "/alerts?" + q.Encode()
}
