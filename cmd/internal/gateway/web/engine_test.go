package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// stored are the pages of a database that holds the ratings and alerts of the world.
func stored(t *testing.T, w *world) http.Handler {
	t.Helper()
	conn := testkit.ClickHouse(t).Open()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	e, _, _ := w.Epoch(t.Context())
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, &e.Definition, now); err != nil {
		t.Fatal(err)
	}
	fill(t, clickhouse.NewSink(conn, 1, &e.Definition), &e, w)
	store, reader := clickhouse.NewAlerts(conn), clickhouse.NewReader(conn)
	for i, a := range w.alerts {
		a.Version = 1
		if err := store.Put(t.Context(), []alert.Change{{Alert: a, Entry: alert.Entry{Version: 1, At: now.Add(time.Duration(i) * time.Second), By: alert.System, Action: alert.Opened}}}); err != nil {
			t.Fatal(err)
		}
	}
	alerts := alerting.NewReader(alerting.DefaultConfig(), alerting.Parts{Store: store, Facts: store, Epoch: reader.Epoch, Now: func() time.Time { return now }})
	return site(t, w, func(o *Options) { o.Reader, o.Ratings, o.Alerts = reader, store, alerts })
}

// fill stores the ratings in both partitions, with the panes and windows that are made of them.
func fill(t *testing.T, sink *clickhouse.Sink, e *clickhouse.Epoch, w *world) {
	t.Helper()
	grid, bands := e.Definition.Grid(), e.Definition.Bands
	var facts []fact.Fact
	var panes []owner.PaneRow
	for i, r := range w.ratings {
		ev := event.Event{RatingID: fmt.Sprint("r-", i), OccurredAt: now.Add(-r.ago).UnixMilli(), CustomerID: r.customer, Service: r.service, Channel: "web", Segment: "vip", Rating: r.rating, Quality: event.NoQuality()}
		f := fact.New(&ev, int32(i%2), int64(i), now.UnixMilli(), grid.PaneOf(ev.OccurredAt))
		facts = append(facts, f)
		for _, key := range r.keysOf() {
			at := slices.IndexFunc(panes, func(p owner.PaneRow) bool { return p.Partition == f.Partition && p.Pane == f.Pane && p.Key == key })
			if at < 0 {
				at, panes = len(panes), append(panes, owner.PaneRow{Partition: f.Partition, Pane: f.Pane, Key: key, Version: 1})
			}
			panes[at].Sums.Count(&bands, r.rating, &noQuality, 1)
		}
	}
	closed, _ := w.History(t.Context(), e, "28d", clickhouse.Selection{Dimensions: []string{window.Overall, window.Service, window.Segment}}, clickhouse.Span{From: now.Add(-29 * day), To: now})
	var windows []owner.WindowRow
	for _, c := range closed {
		windows = append(windows, owner.WindowRow{Window: "28d", End: grid.PaneOf(c.To.UnixMilli()), Key: c.Key, Version: 1, Sums: c.Sums})
	}
	var checkpoints []owner.Checkpoint
	for p := range e.Definition.Partitions {
		checkpoints = append(checkpoints, owner.Checkpoint{Partition: int32(p), Cut: 100, Watermark: now.UnixMilli(), FreshAt: now.Add(-time.Second).UnixMilli(), Definition: e.Definition.Hash()})
	}
	for _, err := range []error{sink.InsertFacts(t.Context(), facts), sink.InsertPanes(t.Context(), panes), sink.InsertWindows(t.Context(), windows), sink.InsertCheckpoints(t.Context(), checkpoints)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// reasoned is a world whose alerts have the reasons that the product gives.
type reasoned struct {
	*world
	alerting.Config
}

func (r reasoned) Reason(a *alert.Alert) alerting.Text { return r.Config.Reason(a) }

// List orders as the store does, the last opened first.
func (r reasoned) List(ctx context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error) {
	all, next, err := r.world.List(ctx, f)
	slices.SortFunc(all, func(a, b alert.Alert) int { return b.OpenedAt.Compare(a.OpenedAt) })
	return all, next, err
}

func TestPagesOfTheEngineShowTheFiguresThatWereCountedByHand(t *testing.T) {
	w := someWorld()
	w.alerts[1].OpenedAt = now.Add(-6 * time.Hour)
	engine := stored(t, w)
	byHand := site(t, w, func(o *Options) { o.Alerts = reasoned{w, alerting.DefaultConfig()} })
	for _, path := range []string{"/", "/services/legal_consulting", "/services/data_analysis", "/services/quiet", "/segments/vip", "/customers/c-1", "/customers/c-1?days=28", "/customers/c-2", "/customers/c-old", "/customers/nobody", "/services/nonsense"} {
		for _, lang := range []language{english, chinese} {
			got, want := get(engine, to(path, lang), ""), get(byHand, to(path, lang), "")
			if got.Code != want.Code || got.Body.String() != want.Body.String() {
				t.Errorf("%s in %s: %d, want %d\n%s\nwant\n%s", path, lang, got.Code, want.Code, got.Body, want.Body)
			}
		}
	}
	wantPage(t, get(engine, "/alerts", "en"), http.StatusOK, `<a href="/customers/c-1?lang=en">c-1</a>`, "a rating of 2.0, below 3.5", "3.2 (n = 10)", "5.0 (n = 10)", "4.5 (n = 30)",
		`<span title="legal_consulting, 20:04">2.0</span>`)
	wantPage(t, get(engine, "/alerts/abc", "zh"), http.StatusOK, "评分 2.0", "低于 3.5", "触发警报")
	wantPage(t, get(engine, "/alerts/nobody", "en"), http.StatusNotFound)
}

func TestOddIDsAreFoundInTheEngine(t *testing.T) {
	w := &world{}
	for i, id := range hostile {
		w.alerts = append(w.alerts, low(fmt.Sprint("odd", i), id))
		w.ratings = append(w.ratings, rated{id, "legal_consulting", time.Hour, 200})
	}
	h := stored(t, w)
	for i, id := range hostile {
		wantPage(t, get(h, to(alerting.PagePath(alert.Subject{Dimension: alert.Customer, Value: id}), english), ""), http.StatusOK, "<h1 class=\"id\">"+escaped(id)+"</h1>", "Mean, n = 1, 28 days", fmt.Sprintf("/alerts/odd%d?lang=en", i))
	}
}
