package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// desk is alerts of one kind: one answer, and what was asked.
type desk struct {
	alerts []alert.Alert
	next   string
	list   alerting.Watchlist
	err    error

	filter clickhouse.AlertFilter
	do     alert.Request
}

func (d *desk) List(_ context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error) {
	d.filter = f
	return d.alerts, d.next, d.err
}

func (d *desk) Get(context.Context, string) (alert.Alert, []alert.Entry, error) {
	if len(d.alerts) == 0 {
		return alert.Alert{}, nil, alerting.ErrUnknown
	}
	return d.alerts[0], []alert.Entry{{Version: 1, At: now, By: alert.System, Action: alert.Opened}}, nil
}

func (d *desk) Act(_ context.Context, _ string, _ uint64, do alert.Request) (alert.Alert, []alert.Entry, error) {
	d.do = do
	if d.err != nil || len(d.alerts) == 0 {
		return alert.Alert{}, nil, d.err
	}
	return d.alerts[0], []alert.Entry{{Version: 1, At: now, By: alert.System, Action: alert.Opened}}, nil
}

func (d *desk) Watchlist(_ context.Context, _ int, cursor string) (alerting.Watchlist, error) {
	if cursor == "nonsense" {
		return alerting.Watchlist{}, clickhouse.ErrUnknownPage
	}
	return d.list, d.err
}

func (d *desk) Reason(*alert.Alert) alerting.Text {
	return alerting.Text{English: "low", Chinese: "低"}
}

func someAlert() alert.Alert {
	return alert.Alert{ID: "abc", Version: 3, Rule: alert.Falling, Subject: alert.Subject{Dimension: alert.Customer, Value: "c-1"}, Severity: alert.Major, State: alert.Open,
		Value: 0.5, Before: 0.9, BeforeN: 20, Ratings: 10, OpenedAt: now.Add(-25 * time.Hour), UpdatedAt: now, ContactDue: now.Add(-time.Hour), ResolveDue: now.Add(time.Hour)}
}

func withDesk(d *desk) func(*Options) { return func(o *Options) { o.Alerts = d } }

func TestEveryFilterOfTheListReachesTheStore(t *testing.T) {
	d := &desk{alerts: []alert.Alert{someAlert()}, next: "17.abc"}
	w := newWorld(t, withDesk(d))
	var page AlertPage
	w.get(base+"/alerts?state=at_work,verified&rule=falling,low_mean&severity=critical&customer_id=c-1&service=s&segment=g&assignee=li.na&overdue=true"+
		"&opened_from=2026-11-01T00:00:00Z&opened_to=2026-11-20T00:00:00Z&limit=7&cursor=1.x").into(http.StatusOK, &page)
	f := d.filter
	if !slices.Equal(f.States, []alert.State{alert.Open, alert.Acknowledged, alert.Contacted, alert.Verified}) || !slices.Equal(f.Rules, []alert.Rule{alert.Falling, alert.LowMean}) ||
		!slices.Equal(f.Severities, []alert.Severity{alert.Critical}) || f.Dimension != alert.Customer || f.Value != "c-1" || f.Service != "s" || f.Segment != "g" || f.Assignee != "li.na" ||
		!f.OverdueAt.Equal(now) || f.From.Day() != 1 || f.To.Day() != 20 || f.Limit != 7 || f.After != "1.x" {
		t.Errorf("%+v", f)
	}
	if a := page.Alerts[0]; *page.NextCursor != "17.abc" || a.Reason != "low" || a.ReasonZH != "低" || !a.Overdue || *a.Before != 0.9 || a.AcknowledgedAt != nil || a.Possible[0] != "acknowledge" {
		t.Errorf("%+v", page)
	}
	w.get(base+"/alerts?assignee=-").into(http.StatusOK, &page)
	if !d.filter.Unassigned || d.filter.Assignee != "" || d.filter.Limit != 50 || d.filter.Dimension != "" || !d.filter.OverdueAt.IsZero() {
		t.Errorf("%+v", d.filter)
	}
}

func TestACustomerIsLookedForAsItIsStored(t *testing.T) {
	d, key := &desk{}, []byte("0123456789abcdef0123456789abcdef")
	w := newWorld(t, withDesk(d), func(o *Options) { o.Events.CustomerIDs, o.Admit.CustomerKey = "hmac", key })
	if w.get(base + "/alerts?customer_id=c-1"); d.filter.Value != admit.Pseudonym(key, "c-1") {
		t.Errorf("looked for %q", d.filter.Value)
	}
}

func TestUnknownFiltersAreRefusedWithWhatThereIs(t *testing.T) {
	w := newWorld(t, withDesk(&desk{}))
	for query, want := range map[string]string{
		"state=closed":           "open, acknowledged, contacted, resolved, verified",
		"rule=low":               "low_rating, low_mean, falling, group_falling",
		"severity=major,high":    "minor, major, critical",
		"overdue=maybe":          "true",
		"limit=0":                "from 1 to 500",
		"limit=501":              "from 1 to 500",
		"opened_from=yesterday":  "RFC 3339",
		"opened_to=1999-01-01":   "RFC 3339",
		"colour=red":             "unknown",
		"state=x&rule=y&limit=z": "open, acknowledged",
	} {
		var p struct{ Errors []struct{ Detail string } }
		w.get(base+"/alerts?"+query).into(http.StatusUnprocessableEntity, &p)
		if len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Detail, want) {
			t.Errorf("%s: %+v, want %s", query, p, want)
		}
	}
	w = newWorld(t, withDesk(&desk{err: clickhouse.ErrUnknownPage}))
	if a := w.get(base + "/alerts?cursor=x"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestWhyAnActionIsRefused(t *testing.T) {
	state := &alert.StateError{ID: "abc", State: alert.Open, Action: alert.Verify, Possible: alert.Open.Possible()}
	for name, c := range map[string]struct {
		err     error
		body    string
		ifMatch string
		status  int
		want    string
	}{
		"done":              {nil, `{"by":"li.na"}`, `"3"`, 200, `"record"`},
		"whatever changed":  {nil, `{"by":"li.na"}`, `*`, 200, `"record"`},
		"not possible":      {state, `{"by":"li.na"}`, "", 409, "alert abc is open"},
		"changed meanwhile": {&alerting.VersionError{ID: "abc", Present: 4, Wanted: 3}, `{"by":"li.na"}`, `W/"3"`, 412, "version 4"},
		"not there":         {alerting.ErrUnknown, `{"by":"li.na"}`, "", 404, "no alert"},
		"nobody":            {nil, `{}`, "", 422, "by"},
		"a bad field":       {&alert.FieldError{Field: "comment", Value: "empty", Want: "text"}, `{"by":"li.na"}`, "", 422, "#/comment"},
		"misspelt":          {nil, `{"by":"li.na","coment":"x"}`, "", 422, "coment"},
		"no version":        {nil, `{"by":"li.na"}`, "three", 422, "If-Match"},
		"no JSON":           {nil, `{`, "", 400, ""},
		"elsewhere":         {alerting.ErrReadOnly, `{"by":"li.na"}`, "", 403, "ask the gateway that does"},
		"not yet":           {alerting.ErrNotReady, `{"by":"li.na"}`, "", 503, "ask again"},
		"an outage":         {errKafka, `{"by":"li.na"}`, "", 503, "ClickHouse did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, withDesk(&desk{alerts: []alert.Alert{someAlert()}, err: c.err}))
			headers := []string{}
			if c.ifMatch != "" {
				headers = append(headers, "If-Match", c.ifMatch)
			}
			a := w.do(http.MethodPost, base+"/alerts/abc/verify", "application/json", strings.NewReader(c.body), headers...)
			if a.status != c.status || !strings.Contains(string(a.body), c.want) {
				t.Errorf("%d %s", a.status, a.body)
			}
			if a.status == http.StatusPreconditionFailed && a.header.Get("ETag") != `"4"` || a.status == http.StatusOK && a.header.Get("ETag") != `"3"` {
				t.Errorf("ETag %s", a.header.Get("ETag"))
			}
		})
	}
}

func TestEachActionHasItsPath(t *testing.T) {
	d := &desk{alerts: []alert.Alert{someAlert()}}
	w := newWorld(t, withDesk(d))
	for _, action := range alert.AllActions() {
		a := w.do(http.MethodPost, base+"/alerts/abc/"+string(action), "application/json", strings.NewReader(`{"by":"li.na","comment":"hm","assignee":"wang.wei"}`))
		if want := (alert.Request{Action: action, By: "li.na", Comment: "hm", Assignee: "wang.wei"}); a.status != http.StatusOK || !reflect.DeepEqual(d.do, want) {
			t.Errorf("%s: %d, %+v", action, a.status, d.do)
		}
	}
	if a := w.get(base + "/alerts/abc/verify"); a.status != http.StatusMethodNotAllowed {
		t.Errorf("%d", a.status)
	}
}

func TestAnAlertThatIsNotThere(t *testing.T) {
	w := newWorld(t, withDesk(&desk{}))
	if a := w.get(base + "/alerts/abc"); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestWithoutClickHouseThereAreNoAlertsToRead(t *testing.T) {
	w := newWorld(t, withDesk(&desk{err: errKafka}))
	for _, path := range []string{"/alerts", "/watchlist"} {
		if a := w.get(base + path); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := w.get(base + "/watchlist?limit=many"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d", a.status)
	}
}

// given is a rating of a customer, so long ago.
type given struct {
	customer string
	ago      time.Duration
	rating   int32
}

func storeRatings(t *testing.T, sink *clickhouse.Sink, def *window.Definition, all ...given) {
	t.Helper()
	grid, at := def.Grid(), time.Now()
	var facts []fact.Fact
	for i, g := range all {
		ev := event.Event{RatingID: fmt.Sprint("r-", i), OccurredAt: at.Add(-g.ago).UnixMilli(), CustomerID: g.customer, Service: "data_analysis", Rating: g.rating, Quality: event.NoQuality()}
		facts = append(facts, fact.New(&ev, 0, int64(i), at.UnixMilli(), grid.PaneOf(ev.OccurredAt)))
	}
	if err := sink.InsertFacts(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	checkpoint := owner.Checkpoint{Partition: 0, Cut: int64(len(facts)), Definition: def.Hash()}
	if err := sink.InsertCheckpoints(t.Context(), []owner.Checkpoint{checkpoint}); err != nil {
		t.Fatal(err)
	}
}

func TestAlertsOfTheEngine(t *testing.T) {
	conn, def := testkit.ClickHouse(t).Open(), definition()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	store := clickhouse.NewAlerts(conn)
	cfg := alerting.DefaultConfig()
	cfg.Poll, cfg.GroupLength = 100*time.Millisecond, 7*24*time.Hour
	service, err := alerting.New(cfg, alerting.Parts{Store: store, Facts: store, Epoch: clickhouse.NewReader(conn).Epoch, Threshold: 350, Satisfied: 400, Target: 0.95,
		Registerer: prometheus.NewRegistry(), Log: zerolog.Nop(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	w := newWorld(t, func(o *Options) { o.Reader, o.Alerts, o.Now = clickhouse.NewReader(conn), service, time.Now })

	sink := clickhouse.NewSink(conn, 1, &def)
	storeRatings(t, sink, &def, given{"c-1", 40 * 24 * time.Hour, 500}, given{"c-1", 20 * 24 * time.Hour, 450}, given{"c-1", time.Minute, 200}, given{"c-2", time.Minute, 340}, given{"c-3", time.Minute, 500})
	var page AlertPage
	for range 100 {
		if w.get(base+"/alerts").into(http.StatusOK, &page); len(page.Alerts) == 2 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(page.Alerts) != 2 {
		t.Fatalf("%+v", page)
	}
	w.get(base+"/alerts?severity=major").into(http.StatusOK, &page)
	if len(page.Alerts) != 1 || page.Alerts[0].Value != "c-1" || page.Alerts[0].Reason != "a rating of 2.0, below 3.5" {
		t.Fatalf("%+v", page)
	}
	id := page.Alerts[0].ID

	var list Watchlist
	w.get(base+"/watchlist?limit=1").into(http.StatusOK, &list)
	if c := list.Customers[0]; list.Total != 2 || c.CustomerID != "c-1" || len(c.Last) != 3 || c.Last[0].Rating != 2 || *c.Now.AverageRating != 3.25 || c.Now.Ratings != 2 || *c.Before.AverageRating != 5 {
		t.Errorf("%+v", list)
	}

	act := func(action, body string, headers ...string) *answer {
		return w.do(http.MethodPost, base+"/alerts/"+id+"/"+action, "application/json", strings.NewReader(body), headers...)
	}
	if a := act("acknowledge", `{"by":"li.na"}`, "If-Match", `"1"`); a.status != http.StatusOK || a.header.Get("ETag") != `"2"` {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := act("contacted", `{"by":"li.na"}`, "If-Match", `"1"`); a.status != http.StatusPreconditionFailed {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := act("contacted", `{"by":"li.na","comment":"rang"}`); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := act("verify", `{"by":"li.na"}`); a.status != http.StatusConflict {
		t.Errorf("%d %s", a.status, a.body)
	}
	act("resolve", `{"by":"li.na","comment":"a new report"}`)
	var whole AlertWithRecord
	w.get(base+"/alerts/"+id).into(http.StatusOK, &whole)
	var actions []string
	for _, e := range whole.Record {
		actions = append(actions, e.Action)
	}
	if whole.State != "resolved" || whole.Resolution != "a new report" || strings.Join(actions, " ") != "opened acknowledge contacted resolve" {
		t.Errorf("%+v", whole)
	}
	w.get(base+"/alerts?state=at_work&limit=1").into(http.StatusOK, &page)
	if len(page.Alerts) != 1 || page.Alerts[0].Value != "c-2" || page.NextCursor != nil {
		t.Errorf("%+v", page)
	}
}
