package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

func TestARepeatedParameterIsRefusedByItsName(t *testing.T) {
	w := figuresWorld(t)
	for path, name := range map[string]string{
		"/alerts?state=open&state=verified": "state", "/analytics?window=28d&window=1h": "window", "/trends/c?days=1&days=2": "days",
		"/watchlist?limit=1&limit=1": "limit", "/analytics?a=1&b=2&b=3": "b",
	} {
		var got problem.Problem
		w.get(base+path).into(http.StatusBadRequest, &got)
		if len(got.Errors) != 1 || got.Errors[0].Parameter != name || !strings.Contains(got.Detail, name+": given 2 times") {
			t.Errorf("%s: %+v", path, got)
		}
	}
	if a := w.get(base + "/analytics?window=%zz"); a.status != http.StatusBadRequest {
		t.Errorf("%d", a.status)
	}
}

// figuresWorld has an epoch.
func figuresWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*Options){func(o *Options) { o.Alerts = &desk{} }}, change...)...)
	w.sums.epoch = &clickhouse.Epoch{Number: 1, Definition: definition()}
	return w
}

func TestTimesFinerThanAMillisecondAreRefused(t *testing.T) {
	w := figuresWorld(t)
	for path, status := range map[string]int{
		"/trends/c?from=2026-11-20T00:00:00.0001Z&to=2026-11-20T00:00:00.0002Z":       422,
		"/analytics?from=2026-11-20T00:00:00.0001Z&to=2026-11-20T00:00:00.0002Z":      422,
		"/analytics?from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00.000000001Z":      422,
		"/alerts?opened_from=2026-11-20T00:00:00.0001Z":                               422,
		"/analytics?from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z":                422,
		"/analytics?from=2026-11-20T00:00:00.001Z&to=2026-11-20T00:00:00.002Z":        200,
		"/trends/c?from=2026-11-20T00:00:00.001Z&to=2026-11-20T00:00:00.0020Z":        200,
		"/trends/c?from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00.001Z&period=week": 200,
	} {
		a := w.get(base + path)
		if a.status != status || bytes.Contains(a.body, []byte(`"periods":null`)) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if status == 422 && !bytes.Contains(a.body, []byte(`"want"`)) {
			t.Errorf("%s: no reason: %s", path, a.body)
		}
	}
}

func TestCustomersOfOddNamesHaveATrend(t *testing.T) {
	w := figuresWorld(t)
	for path, want := range map[string]string{"%2E": ".", "%2E%2E": "..", "a%2Fb": "a/b", "%E5%AE%A2%E6%88%B7": "客户", "a%2520b": "a%20b"} {
		var got Trend
		w.get(base+"/trends/"+path).into(http.StatusOK, &got)
		if got.CustomerID != want || w.sums.key.Value != want {
			t.Errorf("%s: %q, asked for %q", path, got.CustomerID, w.sums.key.Value)
		}
	}
}

// byID is a reader that holds one customer.
type byID struct {
	*sums
	id string
}

func (s *byID) Detail(_ context.Context, _ *clickhouse.Epoch, key window.Key, _ clickhouse.Span, _ time.Duration) ([]clickhouse.DetailGroup, error) {
	if key.Value != s.id {
		return nil, nil
	}
	sums := window.Sums{Ratings: 3, Sum: 1200, Satisfied: 3}
	return []clickhouse.DetailGroup{{At: now, Group: clickhouse.Group{Key: key, Sums: sums}}}, nil
}

// listed is a desk that holds the alerts of one customer.
type listed struct {
	desk
	id string
}

func (d *listed) List(_ context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error) {
	if f.Value != d.id {
		return nil, "", nil
	}
	return []alert.Alert{someAlert()}, "", nil
}

func TestWherePseudonymsAreStoredIDsGoInAsTheyComeOut(t *testing.T) {
	key := bytes.Repeat([]byte{'k'}, admit.MinCustomerKey)
	const looksLikeOne = "0123456789abcdef0123456789abcdef"
	for _, customer := range []string{"ann@example.com", looksLikeOne} {
		pseudonym := admit.Pseudonym(key, customer)
		w := figuresWorld(t, func(o *Options) {
			o.Events.CustomerIDs, o.Events.CustomerKeyFile, o.Admit.CustomerKey = "hmac", "key", key
			o.Alerts = &listed{id: pseudonym}
			o.Reader = &byID{o.Reader.(*sums), pseudonym}
		})
		for _, id := range []string{customer, pseudonym} {
			var trend Trend
			w.get(base+"/trends/"+id).into(http.StatusOK, &trend)
			var analytics Analytics
			w.get(base+"/analytics?dimension=customer&value="+id).into(http.StatusOK, &analytics)
			var page AlertPage
			w.get(base+"/alerts?customer_id="+id).into(http.StatusOK, &page)
			if trend.Overall.Ratings != 3 || analytics.Groups[0].Ratings != 3 || len(page.Alerts) != 1 {
				t.Errorf("%s as %s: %d, %d, %d", customer, id, trend.Overall.Ratings, analytics.Groups[0].Ratings, len(page.Alerts))
			}
		}
		var trend Trend
		w.get(base+"/trends/bob").into(http.StatusOK, &trend)
		if trend.Overall.Ratings != 0 {
			t.Error("another customer has figures")
		}
	}
}

// unread is a desk whose alerts can be acted on and not be read afterwards.
type unread struct {
	desk
	done int
}

func (d *unread) Act(context.Context, string, uint64, alert.Request) (alert.Alert, []alert.Entry, error) {
	d.done++
	return someAlert(), []alert.Entry{{Version: 1, At: now, By: "ann", Action: alert.Comment, Comment: "called"}}, nil
}

func (d *unread) Get(context.Context, string) (alert.Alert, []alert.Entry, error) {
	return alert.Alert{}, nil, errors.New("timeout")
}

func TestAnActionThatWasTakenIsNeverAnsweredWithAnError(t *testing.T) {
	d := &unread{}
	w := newWorld(t, func(o *Options) { o.Alerts = d })
	var got AlertWithRecord
	a := w.do(http.MethodPost, base+"/alerts/x/comment", "application/json", strings.NewReader(`{"by":"ann","comment":"called"}`))
	a.into(http.StatusOK, &got)
	if d.done != 1 || got.ID != someAlert().ID || len(got.Record) != 1 || got.Record[0].Comment != "called" || a.header.Get("ETag") == "" {
		t.Errorf("taken %d times, %s", d.done, a.body)
	}
}

func TestStrangersAreNotToldWhyAPartFails(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Config.Hosts = []string{"ratings.example.com"}
		o.Checks = []Check{{Name: "kafka", Check: func(context.Context) error { return errors.New("dial tcp 10.1.2.3:9092") }}}
	})
	for name, c := range map[string]struct {
		change func(*http.Request)
		told   bool
	}{
		"this machine":            {func(*http.Request) {}, true},
		"another machine":         {func(r *http.Request) { r.RemoteAddr = "192.0.2.7:5000" }, false},
		"by a name of another":    {func(r *http.Request) { r.Host = "ratings.example.com" }, false},
		"by a proxy":              {func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.7") }, false},
		"this machine, as ::1":    {func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:5000", "[::1]:8080" }, true},
		"without a known address": {func(r *http.Request) { r.RemoteAddr = "@" }, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/readyz", nil)
		r.RemoteAddr, r.Host = "127.0.0.1:5000", "localhost:8080"
		c.change(r)
		answer := httptest.NewRecorder()
		w.api.Guarded(w.api).ServeHTTP(answer, r)
		if told := strings.Contains(answer.Body.String(), "10.1.2.3"); told != c.told || answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), `"kafka"`) {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
}
