package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// now is the clock of the tests: 20:34:56 at +08:00.
var now = time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)

var errAway = errors.New("connection refused")

// rated is a rating of the world; channel and segment are web and vip.
type rated struct {
	customer, service string
	ago               time.Duration
	rating            int32
}

// world is what the pages read: ratings, which it sums as ClickHouse would, and alerts.
type world struct {
	ratings []rated
	alerts  []alert.Alert
	record  []alert.Entry
	next    string
	absent  bool  // no processor was ever started
	err     error // of everything
	actErr  error

	filter  clickhouse.AlertFilter // that was asked for last
	do      alert.Request
	version uint64
	acted   int
	cursor  string // of the watch list that was asked for last
}

func (w *world) Epoch(context.Context) (clickhouse.Epoch, bool, error) {
	windows := window.DefaultWindows()
	return clickhouse.Epoch{Number: 1, Definition: window.Definition{Windows: windows, Pane: window.PaneOf(windows), Bands: window.DefaultBands(),
		Dimensions: window.BuiltinDimensions(), TimezoneOffset: 8 * time.Hour, Partitions: 2}}, !w.absent, w.err
}

func (w *world) Freshness(context.Context, *clickhouse.Epoch) (clickhouse.Freshness, error) {
	return clickhouse.Freshness{FreshAt: now.Add(-time.Second), CompleteTo: now}, w.err
}

// keysOf are the keys that a rating counts under.
func (r rated) keysOf() []window.Key {
	return []window.Key{{Dimension: window.Overall}, {Dimension: window.Service, Value: r.service}, {Dimension: window.Segment, Value: "vip"},
		{Dimension: window.ServiceChannel, Value: window.ServiceChannelValue(r.service, "web")}}
}

func (w *world) Range(_ context.Context, e *clickhouse.Epoch, span clickhouse.Span, only clickhouse.Selection) (clickhouse.Span, []clickhouse.Group, error) {
	var groups []clickhouse.Group
	for _, r := range w.ratings {
		if at := now.Add(-r.ago); at.Before(span.From) || !at.Before(span.To) {
			continue
		}
		for _, key := range r.keysOf() {
			if !slices.Contains(only.Dimensions, key.Dimension) && !slices.Contains(only.Keys, key) {
				continue
			}
			i := slices.IndexFunc(groups, func(g clickhouse.Group) bool { return g.Key == key })
			if i < 0 {
				i, groups = len(groups), append(groups, clickhouse.Group{Key: key})
			}
			groups[i].Sums.Count(&e.Definition.Bands, r.rating, &noQuality, 1)
		}
	}
	return span, groups, w.err
}

func (w *world) History(ctx context.Context, e *clickhouse.Epoch, _ string, only clickhouse.Selection, span clickhouse.Span) (all []clickhouse.Closed, err error) {
	for end := now.Truncate(day).Add(-8 * time.Hour); !end.Before(span.From); end = end.Add(-day) {
		of := clickhouse.Span{From: end.Add(-28 * day), To: end}
		_, groups, _ := w.Range(ctx, e, of, only)
		for _, g := range groups {
			all = append([]clickhouse.Closed{{Span: of, Complete: true, Group: g}}, all...)
		}
	}
	return all, w.err
}

func (w *world) Detail(_ context.Context, e *clickhouse.Epoch, key window.Key, span clickhouse.Span, step time.Duration) (all []clickhouse.DetailGroup, err error) {
	for _, r := range w.ratings {
		at := now.Add(-r.ago)
		if r.customer != key.Value || at.Before(span.From) || !at.Before(span.To) {
			continue
		}
		g := clickhouse.DetailGroup{At: span.From, Group: clickhouse.Group{Key: window.Key{Dimension: window.Service, Value: r.service}}}
		if step != 0 {
			g.At = say{zone: 8 * time.Hour}.midnight(at)
		}
		g.Sums.Count(&e.Definition.Bands, r.rating, &noQuality, 1)
		all = append(all, g)
	}
	return all, w.err
}

func (w *world) Dimensions(context.Context, *clickhouse.Epoch) ([]clickhouse.Values, error) {
	return []clickhouse.Values{{Dimension: window.Segment, Values: []string{"vip", "once"}}}, w.err
}

func (w *world) Ratings(_ context.Context, _ *clickhouse.Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error) {
	all := map[string][]alert.Rating{}
	for _, r := range w.ratings {
		if at := now.Add(-r.ago); slices.Contains(customers, r.customer) && !at.Before(from) && !at.After(to) {
			all[r.customer] = append(all[r.customer], alert.Rating{CustomerID: r.customer, OccurredAt: at, Service: r.service, Rating: r.rating, Counts: true})
		}
	}
	for _, some := range all {
		slices.SortFunc(some, func(a, b alert.Rating) int { return a.OccurredAt.Compare(b.OccurredAt) })
	}
	return all, w.err
}

func (w *world) List(_ context.Context, f clickhouse.AlertFilter) (all []alert.Alert, next string, err error) {
	w.filter = f
	if f.After == "nonsense" {
		return nil, "", clickhouse.ErrUnknownPage
	}
	for _, a := range w.alerts {
		if f.Dimension == "" || a.Subject == (alert.Subject{Dimension: f.Dimension, Value: f.Value}) {
			all = append(all, a)
		}
	}
	return all, w.next, w.err
}

func (w *world) Get(_ context.Context, id string) (alert.Alert, []alert.Entry, error) {
	for _, a := range w.alerts {
		if a.ID == id {
			return a, slices.Clone(w.record), w.err
		}
	}
	return alert.Alert{}, nil, cmp.Or(w.err, alerting.ErrUnknown)
}

func (w *world) Act(_ context.Context, _ string, version uint64, do alert.Request) (alert.Alert, []alert.Entry, error) {
	w.do, w.version = do, version
	w.acted++
	return alert.Alert{}, nil, w.actErr
}

func (w *world) Counts(context.Context) (c clickhouse.AlertCounts, _ error) {
	for i := range w.alerts {
		c.Active++
		if w.alerts[i].State == alert.Open {
			c.Unacknowledged++
		}
		if w.alerts[i].Severity == alert.Critical {
			c.Critical++
		}
		if w.alerts[i].Overdue(now) {
			c.Overdue++
		}
	}
	return c, w.err
}

func (w *world) Begin(context.Context, *clickhouse.Epoch) (first time.Time, _ error) {
	for _, r := range w.ratings {
		if at := now.Add(-r.ago).Truncate(5 * time.Minute); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, w.err
}

func (w *world) Watchlist(_ context.Context, _ int, cursor string) (alerting.Watchlist, error) {
	if w.cursor = cursor; cursor == "nonsense" {
		return alerting.Watchlist{}, clickhouse.ErrUnknownPage
	}
	list := alerting.Watchlist{Window: 28 * day, Total: 12, Next: "further"}
	for _, a := range alert.Rank(w.alerts, now) {
		list.Customers = append(list.Customers, alerting.Watched{Attention: a, Severity: a.Alerts[0].Severity, Overdue: a.Alerts[0].Overdue(now),
			Last: []alert.Rating{{OccurredAt: now, Service: "legal_consulting", Rating: 200}, {OccurredAt: now, Service: "data_analysis", Rating: 450}},
			Mean: alerting.Mean{Sum: 650, Ratings: 2}, Before: alerting.Mean{Sum: 1049, Ratings: 3}})
	}
	return list, w.err
}

func (w *world) Reason(a *alert.Alert) alerting.Text {
	return alerting.Text{English: "a rating of " + say{}.Points(a.Value) + " <low>", Chinese: "评分 " + say{}.Points(a.Value)}
}

// low is an alert about a customer whose contact is overdue for an hour.
func low(id, customer string) alert.Alert {
	return alert.Alert{ID: id, Version: 3, Rule: alert.LowRating, Subject: alert.Subject{Dimension: alert.Customer, Value: customer}, Severity: alert.Critical, State: alert.Open,
		Holding: true, Value: 2, Threshold: 3.5, Ratings: 1, Weight: 1, Service: "legal_consulting", Segment: "vip", RatedAt: now.Add(-5 * time.Hour),
		OpenedAt: now.Add(-5 * time.Hour), UpdatedAt: now, ContactDue: now.Add(-time.Hour), ResolveDue: now.Add(43*time.Hour + 30*time.Minute)}
}

// site returns the pages of a world.
func site(t testing.TB, w *world, change ...func(*Options)) http.Handler {
	t.Helper()
	o := Options{Reader: w, Ratings: w, Alerts: w, Bands: window.DefaultBands(), Target: 0.95, Services: []string{"legal_consulting", "data_analysis", "quiet"},
		Zone: 8 * time.Hour, Logger: zerolog.Nop(), Now: func() time.Time { return now }}
	for _, c := range change {
		c(&o)
	}
	pages, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	pages.Mount(mux)
	return mux
}

func pages(t *testing.T) http.Handler { return site(t, &world{}) }

// get asks for a page as a browser with these wishes does.
func get(h http.Handler, path, acceptLanguage string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", acceptLanguage)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// post sends a form, as the browser says where it comes from.
func post(h http.Handler, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// wantPage demands a status and texts, with spaces that do not break as any other.
func wantPage(t *testing.T, answer *httptest.ResponseRecorder, status int, texts ...string) string {
	t.Helper()
	body := plain(answer.Body.String())
	if answer.Code != status {
		t.Errorf("status %d, want %d:\n%s", answer.Code, status, body)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("has no %q:\n%s", text, body)
		}
	}
	if found := forbidden(body); found != "" || answer.Header().Get("Content-Security-Policy") != policy {
		t.Errorf("has %q, which its policy forbids, or no policy", found)
	}
	return body
}

var spaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "&nbsp;", " ", "&#43;", "+")

func plain(body string) string { return spaces.Replace(body) }
