package clickhouse

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// stale stores an older version of every row of the fixture beside the right one, each with figures, services and times that
// would be seen if it were read, and stops merges, so that only FINAL can tell them apart.
func (f *fixture) stale(t testing.TB) {
	t.Helper()
	for _, table := range []string{"enterprise_customer_satisfaction", "satisfaction_panes", "satisfaction_windows", "customer_ratings"} {
		// Not of pipeline_checkpoints: tests delete from it, which is a mutation, and so a merge.
		exec(t, f.conn, "SYSTEM STOP MERGES "+table)
	}
	var facts []fact.Fact
	for i := range f.facts {
		old := f.facts[i]
		old.Version = 0
		e := event.Event{RatingID: old.Event.RatingID, OccurredAt: old.Event.OccurredAt, CustomerID: old.Event.CustomerID, Service: "stale",
			ProductID: "p'2", Segment: "smb", Attributes: []event.Pair{{Key: "region", Value: "south"}}, Rating: 100, Quality: event.NoQuality()}
		old.Event = e
		facts = append(facts, old)
	}
	wrong := window.Sums{Ratings: 1000, Unscored: 1000, Satisfied: 1000, Sum: 400_000}
	var panes []owner.PaneRow
	for at := range f.panes {
		panes = append(panes, owner.PaneRow{Partition: at.partition, Pane: at.pane, Key: at.key, Version: f.cut - 1, Sums: wrong})
	}
	var windows []owner.WindowRow
	for at := range f.windows {
		windows = append(windows, owner.WindowRow{Partition: at.partition, Window: at.name, End: at.end, Key: at.key, Version: f.cut - 1, Sums: wrong})
	}
	checkpoints := f.checkpoints(f.cut - 1)
	for i := range checkpoints {
		checkpoints[i].Watermark -= 48 * 3_600_000
		checkpoints[i].FreshAt -= 48 * 3_600_000
	}
	ctx := t.Context()
	if err := errors.Join(f.sink.InsertFacts(ctx, facts), f.sink.InsertPanes(ctx, panes), f.sink.InsertWindows(ctx, windows), f.sink.InsertCheckpoints(ctx, checkpoints)); err != nil {
		t.Fatal(err)
	}
}

// Whatever is asked for, the answer is the oracle's, over rows of which none is merged.
func TestRandomQuestionsOverUnmergedRows(t *testing.T) {
	f := newFixture(t, fewWindows(), 500, 5, now)
	f.stale(t)
	r, e := NewReader(f.conn), f.epoch(t)
	random := rand.New(rand.NewPCG(7, 8))
	for i := range 40 {
		from := f.first + window.Pane(random.IntN(int(f.last-f.first)))
		to := from + 1 + window.Pane(random.IntN(int(f.last-from)+1))
		span := Span{f.grid.Start(from).Add(time.Duration(random.Int64N(f.grid.PaneMS)) * time.Millisecond), f.grid.Start(to)}
		s, wanted := randomSelection(random, f)
		_, groups, err := r.Range(t.Context(), e, span, s)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := byKey(groups), f.wantPanes(from, to, wanted); !maps.Equal(got, want) {
			t.Errorf("question %d, range %v of %+v: got %v\nwant %v", i, span, s, got, want)
		}
		f.askHistory(t, r, e, pick(random, "1h", "12h", "3d"), from, to, s, wanted)
		f.askDetail(t, r, e, random, span)
	}
	first, err := r.Begin(t.Context(), e)
	if err != nil || first.Before(f.grid.Start(f.first)) {
		t.Errorf("the ratings begin at %v, %v", first, err)
	}
	fresh, err := r.Freshness(t.Context(), e)
	if err != nil || !fresh.CompleteTo.Equal(f.grid.Start(f.last)) || len(fresh.Checkpoints) != f.def.Partitions {
		t.Errorf("freshness %+v, %v", fresh, err)
	}
}

func randomSelection(random *rand.Rand, f *fixture) (Selection, func(window.Key) bool) {
	var keys []window.Key
	for at := range f.panes {
		keys = append(keys, at.key)
	}
	key, dimension := keys[random.IntN(len(keys))], pick(random, "service", "channel", "region", "staff", "service_channel")
	switch random.IntN(4) {
	case 0:
		return Selection{}, everyKey
	case 1:
		return Selection{Keys: []window.Key{key}}, func(k window.Key) bool { return k == key }
	case 2:
		return Selection{Dimensions: []string{dimension}}, func(k window.Key) bool { return k.Dimension == dimension }
	}
	return Selection{Dimensions: []string{dimension}, Keys: []window.Key{key}}, func(k window.Key) bool { return k == key || k.Dimension == dimension }
}

func (f *fixture) askHistory(t *testing.T, r *Reader, e *Epoch, name string, from, to window.Pane, s Selection, wanted func(window.Key) bool) {
	t.Helper()
	closed, err := r.History(t.Context(), e, name, s, Span{f.grid.Start(from), f.grid.Start(to)})
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]window.Sums{}, map[string]window.Sums{}
	for _, c := range closed {
		got[fmt.Sprint(c.To, c.Key)] = c.Sums
	}
	for at, sums := range f.windows {
		if at.name == name && at.end >= from && at.end < to && wanted(at.key) {
			key := fmt.Sprint(f.grid.Start(at.end), at.key)
			all := want[key]
			all.Add(sums)
			want[key] = all
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("history of %s from %d to %d, %+v: got %v\nwant %v", name, from, to, s, got, want)
	}
}

func (f *fixture) askDetail(t *testing.T, r *Reader, e *Epoch, random *rand.Rand, span Span) {
	t.Helper()
	customer := fmt.Sprint("customer-", random.IntN(40))
	of, key := func(e *event.Event) bool { return e.CustomerID == customer }, window.Key{Dimension: Customer, Value: customer}
	switch random.IntN(3) {
	case 0:
		of, key = func(e *event.Event) bool { return e.ProductID == "p'2" }, window.Key{Dimension: window.Product, Value: "p'2"}
	case 1:
		of, key = func(e *event.Event) bool { return e.Service == "data_analysis" }, window.Key{Dimension: window.Service, Value: "data_analysis"}
	}
	step := []time.Duration{0, 24 * time.Hour, 6 * time.Hour}[random.IntN(3)]
	groups, err := r.Detail(t.Context(), e, key, span, step)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]window.Sums{}
	for _, g := range groups {
		got[fmt.Sprint(g.At, g.Key)] = g.Sums
	}
	if want := f.wantDetail(of, span, step); !maps.Equal(got, want) {
		t.Errorf("detail of %v in %v by %v: got %v\nwant %v", key, span, step, got, want)
	}
}
