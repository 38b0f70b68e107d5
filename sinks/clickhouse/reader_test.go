package clickhouse

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// wantPanes returns the sums of the fixture's panes with from ≤ pane < to, by key, of the keys that are wanted.
func (f *fixture) wantPanes(from, to window.Pane, wanted func(window.Key) bool) map[window.Key]window.Sums {
	want := map[window.Key]window.Sums{}
	for at, s := range f.panes {
		if at.pane >= from && at.pane < to && wanted(at.key) {
			sums := want[at.key]
			sums.Add(s)
			want[at.key] = sums
		}
	}
	return want
}

func byKey(groups []Group) map[window.Key]window.Sums {
	m := map[window.Key]window.Sums{}
	for _, g := range groups {
		m[g.Key] = g.Sums
	}
	return m
}

func everyKey(window.Key) bool { return true }

func (f *fixture) epoch(t *testing.T) *Epoch {
	t.Helper()
	e, found, err := NewReader(f.conn).Epoch(t.Context())
	if err != nil || !found || e.Number != 1 || e.Definition.Hash() != f.def.Hash() {
		t.Fatalf("current epoch %+v, %v, %v: want epoch 1 of the definition", e, found, err)
	}
	return &e
}

func TestReader(t *testing.T) {
	f := newFixture(t, fewWindows(), 400, 5, now)
	r, e := NewReader(f.conn), f.epoch(t)
	t.Run("the current window ends with the pane that contains now", func(t *testing.T) {
		span, groups, err := r.Current(t.Context(), e, "3d", Selection{}, now)
		if err != nil {
			t.Fatal(err)
		}
		want := Span{time.Date(2026, 11, 17, 12, 45, 0, 0, time.UTC), time.Date(2026, 11, 20, 12, 45, 0, 0, time.UTC)}
		if span != want {
			t.Errorf("span %v, want %v", span, want)
		}
		if got, want := byKey(groups), f.wantPanes(f.last+1-288, f.last+1, everyKey); !maps.Equal(got, want) || len(groups) != len(got) {
			t.Errorf("groups %v, want %v", got, want)
		}
	})
	t.Run("a range is rounded to whole panes", func(t *testing.T) {
		start := f.grid.Start(f.last - 100)
		span, groups, err := r.Range(t.Context(), e, Span{start.Add(time.Second), start.Add(20*f.def.Pane + time.Second)}, Selection{})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Span{start, start.Add(21 * f.def.Pane)}); span != want {
			t.Errorf("span %v, want %v", span, want)
		}
		if got, want := byKey(groups), f.wantPanes(f.last-100, f.last-79, everyKey); !maps.Equal(got, want) {
			t.Errorf("groups %v, want %v", got, want)
		}
	})
	t.Run("a selection names dimensions and keys", func(t *testing.T) {
		quoted := window.Key{Dimension: window.Product, Value: "p'2"}
		_, groups, err := r.Current(t.Context(), e, "3d", Selection{Dimensions: []string{"region", "service"}, Keys: []window.Key{quoted}}, now)
		if err != nil {
			t.Fatal(err)
		}
		want := f.wantPanes(f.last+1-288, f.last+1, func(k window.Key) bool { return k.Dimension == "region" || k.Dimension == "service" || k == quoted })
		if got := byKey(groups); !maps.Equal(got, want) || len(got) != 5 {
			t.Errorf("groups %v, want %v", got, want)
		}
	})
	t.Run("an unknown window is named with those that are there", func(t *testing.T) {
		_, _, err := r.Current(t.Context(), e, "2h", Selection{}, now)
		if want := `unknown window "2h": want one of 1h, 12h, 3d`; !errors.Is(err, ErrUnknownWindow) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err = r.History(t.Context(), e, "2h", Selection{}, Span{}); !errors.Is(err, ErrUnknownWindow) {
			t.Errorf("history: error %v", err)
		}
	})
	t.Run("the ratings begin with the earliest pane that holds one", func(t *testing.T) {
		erased := owner.PaneRow{Pane: f.first - 100, Key: window.Key{Dimension: window.Overall}, Version: 1} // all its ratings were erased
		if err := f.sink.InsertPanes(t.Context(), []owner.PaneRow{erased}); err != nil {
			t.Fatal(err)
		}
		first := f.last
		for at, s := range f.panes {
			if at.key.Dimension == window.Overall && s.Ratings+s.Unscored > 0 {
				first = min(first, at.pane)
			}
		}
		if got, err := r.Begin(t.Context(), e); err != nil || !got.Equal(f.grid.Start(first)) {
			t.Errorf("%v, %v; want %v", got, err, f.grid.Start(first))
		}
		empty := *e
		empty.Number++
		if got, err := r.Begin(t.Context(), &empty); err != nil || !got.IsZero() {
			t.Errorf("of an empty epoch %v, %v; want the zero time", got, err)
		}
	})
	t.Run("the dimensions are those that have panes", func(t *testing.T) {
		all, err := r.Dimensions(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, v := range all {
			got[v.Dimension] = fmt.Sprintf("%q", v.Values)
		}
		want := map[string]string{"overall": `[""]`, "region": `["north" "south"]`, "product": `["p'2" "p1"]`, "channel": `["phone" "web"]`, "segment": `["smb"]`,
			"service": `["data_analysis" "legal_consulting"]`, "staff": `["data_analysis" "legal_consulting"]`,
			"service_channel": `["data_analysis/phone" "data_analysis/web" "legal_consulting/phone" "legal_consulting/web"]`}
		if !maps.Equal(got, want) {
			t.Errorf("dimensions %v, want %v", got, want)
		}
	})
}

func TestHistoryMergesThePartitionsOfClosedWindows(t *testing.T) {
	f := newFixture(t, fewWindows(), 300, 4, now)
	r, e := NewReader(f.conn), f.epoch(t)
	from, to := f.last-96*2, f.last+1
	closed, err := r.History(t.Context(), e, "12h", Selection{Dimensions: []string{"service", "staff"}}, Span{f.grid.Start(from), f.grid.Start(to)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]window.Sums{}
	for at, s := range f.windows {
		if at.name == "12h" && at.end >= from && at.end < to && (at.key.Dimension == "service" || at.key.Dimension == "staff") {
			key := fmt.Sprint(f.grid.Start(at.end), at.key)
			sums := want[key]
			sums.Add(s)
			want[key] = sums
		}
	}
	got := map[string]window.Sums{}
	for _, c := range closed {
		got[fmt.Sprint(c.To, c.Key)] = c.Sums
		if c.To.Sub(c.From) != 12*time.Hour || !c.Complete {
			t.Errorf("window %v, complete %v: want 12 h and complete", c.Span, c.Complete)
		}
	}
	if !maps.Equal(got, want) || len(want) == 0 {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestAnEpochIsFreshAsItsLeastPartition(t *testing.T) {
	f := newFixture(t, fewWindows(), 20, 1, now)
	r, e := NewReader(f.conn), f.epoch(t)
	fresh, err := r.Freshness(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Partitions != 4 || len(fresh.Checkpoints) != 4 || !fresh.CompleteTo.Equal(f.grid.Start(f.last)) || !fresh.FreshAt.Equal(f.grid.Start(f.last).Add(time.Second)) {
		t.Errorf("freshness %+v", fresh)
	}
	late := f.checkpoints(f.cut + 1)[2:3]
	late[0].Watermark -= 3_600_000
	if err := f.sink.InsertCheckpoints(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	if fresh, err = r.Freshness(t.Context(), e); err != nil || !fresh.CompleteTo.Equal(f.grid.Start(f.last).Add(-time.Hour)) {
		t.Errorf("with a partition an hour behind: complete to %v, %v", fresh.CompleteTo, err)
	}
	exec(t, f.conn, "DELETE FROM pipeline_checkpoints WHERE partition = 3")
	if fresh, err = r.Freshness(t.Context(), e); err != nil || !fresh.CompleteTo.IsZero() || !fresh.FreshAt.IsZero() || len(fresh.Checkpoints) != 3 {
		t.Errorf("with a partition that has no checkpoint: %+v, %v", fresh, err)
	}
	closed, err := r.History(t.Context(), e, "1h", Selection{}, Span{f.grid.Start(f.first), f.grid.Start(f.last + 1)})
	if err != nil || len(closed) == 0 || slices.ContainsFunc(closed, func(c Closed) bool { return c.Complete }) {
		t.Errorf("%d closed windows, %v: want some, none of them complete", len(closed), err)
	}
}

func TestDetailIsMadeOfTheFacts(t *testing.T) {
	f := newFixture(t, fewWindows(), 600, 5, now)
	r, e := NewReader(f.conn), f.epoch(t)
	span := Span{f.grid.Start(f.first).Add(20*time.Hour + 17*time.Millisecond), f.grid.Start(f.last).Add(-3*time.Hour + 5*time.Millisecond)}
	for _, c := range []struct {
		key  window.Key
		step time.Duration
		of   func(e *event.Event) bool
	}{
		{window.Key{Dimension: Customer, Value: "customer-7"}, 0, func(e *event.Event) bool { return e.CustomerID == "customer-7" }},
		{window.Key{Dimension: Customer, Value: "customer-3"}, 24 * time.Hour, func(e *event.Event) bool { return e.CustomerID == "customer-3" }},
		{window.Key{Dimension: window.Product, Value: "p'2"}, 6 * time.Hour, func(e *event.Event) bool { return e.ProductID == "p'2" }},
		{window.Key{Dimension: "region", Value: "south"}, 0, func(e *event.Event) bool { return len(e.Attributes) > 0 && e.Attributes[0].Value == "south" }},
	} {
		t.Run(fmt.Sprint(c.key.Dimension, " by ", c.step), func(t *testing.T) {
			groups, err := r.Detail(t.Context(), e, c.key, span, c.step)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]window.Sums{}
			for _, g := range groups {
				got[fmt.Sprint(g.At, g.Key)] = g.Sums
			}
			if want := f.wantDetail(c.of, span, c.step); !maps.Equal(got, want) || len(want) == 0 {
				t.Errorf("got %v\nwant %v", got, want)
			}
		})
	}
	if _, err := r.Detail(t.Context(), e, window.Key{Dimension: "colour"}, span, 0); !errors.Is(err, ErrUnknownDetail) {
		t.Errorf("unknown dimension: error %v", err)
	}
	if _, err := r.Detail(t.Context(), e, window.Key{Dimension: Customer}, span, time.Millisecond); err == nil {
		t.Error("a step of a millisecond was accepted")
	}
}

func (f *fixture) wantDetail(of func(*event.Event) bool, span Span, step time.Duration) map[string]window.Sums {
	want := map[string]window.Sums{}
	for i := range f.facts {
		ev := &f.facts[i].Event
		at := time.UnixMilli(ev.OccurredAt).UTC()
		if ev.Op == event.Erase || ev.Quarantined || !of(ev) || at.Before(span.From) || !at.Before(span.To) {
			continue
		}
		start := span.From
		if step > 0 {
			start = at.Add(f.def.TimezoneOffset).Truncate(step).Add(-f.def.TimezoneOffset)
		}
		key := window.Key{Dimension: window.Service, Value: ev.Service}
		if ev.Staff {
			key.Dimension = window.Staff
		}
		sums := want[fmt.Sprint(start, key)]
		sums.Count(&f.def.Bands, ev.Rating, &ev.Quality, 1)
		want[fmt.Sprint(start, key)] = sums
	}
	return want
}

func TestDetailOfACustomerForgetsReplacedAndErasedVersions(t *testing.T) {
	f := newFixture(t, fewWindows(), 1, 1, now)
	r, e := NewReader(f.conn), f.epoch(t)
	put := func(id string, revision uint32, op event.Op, service string) {
		ev := event.Event{RatingID: id, Revision: revision, Op: op, OccurredAt: now.UnixMilli() - 1, CustomerID: "the one", Service: service, Rating: 500, Quality: event.NoQuality()}
		f.insertFact(t, factOf(f, &ev, int64(revision)+100))
	}
	put("moved", 0, event.Put, "data_analysis")
	put("moved", 1, event.Put, "legal_consulting")
	put("gone", 0, event.Put, "data_analysis")
	put("gone", 0, event.Erase, "data_analysis")
	span := Span{now.Add(-time.Hour), now}
	groups, err := r.Detail(t.Context(), e, window.Key{Dimension: Customer, Value: "the one"}, span, 0)
	if err != nil || len(groups) != 1 || groups[0].Key.Value != "legal_consulting" || groups[0].Sums.Ratings != 1 {
		t.Errorf("of the customer: %+v, %v: want one rating of legal_consulting", groups, err)
	}
	groups, err = r.Detail(t.Context(), e, window.Key{Dimension: window.Service, Value: "data_analysis"}, span, 0)
	if err != nil || len(groups) != 0 {
		t.Errorf("of the service that it was moved from: %+v, %v: want nothing", groups, err)
	}
}

// wilson is the Wilson interval at 95 %, written anew.
func wilson(satisfied, n float64) (lo, hi float64) {
	const z = 1.959963984540054
	p := satisfied / n
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, center-half), min(1, center+half)
}
