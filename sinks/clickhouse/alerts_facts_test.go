package clickhouse

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// add stores another version of a rating, or a new one.
func (f *fixture) add(t testing.TB, e event.Event, partition int32, arrived int64) fact.Fact {
	t.Helper()
	f.cut++
	added := fact.New(&e, partition, f.cut, arrived, f.grid.PaneOf(e.OccurredAt))
	f.facts = append(f.facts, added)
	if err := f.sink.InsertFacts(t.Context(), []fact.Fact{added}); err != nil {
		t.Fatal(err)
	}
	return added
}

// standing returns the last version of each rating.
func (f *fixture) standing() []fact.Fact {
	byID := map[string]fact.Fact{}
	for _, v := range f.facts {
		if v.Version > byID[v.Event.RatingID].Version {
			byID[v.Event.RatingID] = v
		}
	}
	var all []fact.Fact
	for _, v := range byID {
		all = append(all, v)
	}
	return all
}

// change corrects, erases and quarantines some of the ratings, so that every column differs from the version before.
func (f *fixture) change(t testing.TB) {
	t.Helper()
	exec(t, f.conn, "SYSTEM STOP MERGES customer_ratings")
	exec(t, f.conn, "SYSTEM STOP MERGES enterprise_customer_satisfaction") // replaced versions stay, for who reads without FINAL
	for i := range 60 {
		v := f.facts[i*3]
		e := v.Event
		e.Op, e.Revision, e.Rating, e.Service, e.Segment = event.Put, e.Revision+1, 500-e.Rating/2, "document_review", "enterprise"
		switch i % 4 {
		case 0:
			e.Op = event.Erase
		case 1:
			e.Quarantined = !e.Quarantined
		case 2:
			e.Staff = !e.Staff
		}
		f.add(t, e, v.Partition, v.Timestamp+int64(i%12)*int64(time.Hour/time.Millisecond))
	}
}

func TestStoredFindsEveryVersionThatRecordsOfAPartOfTheLogLeft(t *testing.T) {
	f := newFixture(t, fewWindows(), 0, 2, now)
	s, e := NewAlerts(f.conn), f.epoch(t)
	exec(t, f.conn, "SYSTEM STOP MERGES enterprise_customer_satisfaction")
	at := now.Add(-time.Hour).UnixMilli()
	rating := func(id string, occurred int64) event.Event {
		return event.Event{RatingID: id, CustomerID: "c'1", Service: "s", Segment: "m", OccurredAt: occurred, Rating: 200, Quality: event.NoQuality()}
	}
	first := f.add(t, rating("r1", at), 0, at)
	corrected := rating("r1", at)
	corrected.Revision = 1
	second := f.add(t, corrected, 0, at-3*3_600_000)
	gone := rating("r2", at)
	gone.Op = event.Erase
	erased := f.add(t, gone, 3, at-3*3_600_000)
	old := f.add(t, rating("old", at-48*3_600_000), 0, at)
	backlog := f.add(t, rating("backlog", at), 0, at-3*3_600_000)
	if err := NewSink(f.conn, 2, &f.def).InsertFacts(t.Context(), []fact.Fact{first}); err != nil { // of another epoch
		t.Fatal(err)
	}
	seen := func(zero, three int64) alert.Seen { return alert.Seen{Epoch: 1, Next: []int64{zero, 0, 0, three}} }
	end, none, early := seen(f.cut+1, f.cut+1), alert.Seen{}, time.UnixMilli(0)
	for name, c := range map[string]struct {
		look Look
		want []fact.Fact
	}{
		"everything":                   {Look{none, end, early, early}, []fact.Fact{first, second, erased, old, backlog}},
		"of late panes":                {Look{none, end, early, time.UnixMilli(at)}, []fact.Fact{first, second, erased, backlog}},
		"arrived lately, or corrected": {Look{none, end, time.UnixMilli(at), early}, []fact.Fact{first, second, erased, old}},
		"of one partition":             {Look{none, seen(0, f.cut+1), early, early}, []fact.Fact{erased}},
		"from an offset":               {Look{seen(second.Offset, f.cut+1), end, early, early}, []fact.Fact{second, old, backlog}},
		"to an offset":                 {Look{none, seen(second.Offset, 0), early, early}, []fact.Fact{first}},
		"nothing":                      {Look{end, end, early, early}, nil},
	} {
		found, err := s.Stored(t.Context(), e, c.look)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(found, func(a, b RatingVersion) int { return cmp.Compare(a.Offset, b.Offset) })
		slices.SortFunc(c.want, func(a, b fact.Fact) int { return cmp.Compare(a.Offset, b.Offset) })
		var want []RatingVersion
		for _, f := range c.want {
			want = append(want, RatingVersion{standingRating(&f), f.Version})
		}
		if !reflect.DeepEqual(found, want) {
			t.Errorf("%s: %+v, want %+v", name, found, want)
		}
	}
	from, err := s.ArrivedFrom(t.Context(), e, end, time.UnixMilli(at), time.UnixMilli(at))
	if err != nil || !slices.Equal(from.Next, []int64{first.Offset, 0, 0, f.cut + 1}) {
		t.Errorf("what arrived lately begins at %v, %v", from, err)
	}
	if err := f.sink.InsertCheckpoints(t.Context(), []owner.Checkpoint{{Partition: 3, Cut: 7, Definition: f.def.Hash()}, {Partition: 0, Cut: 9, Definition: f.def.Hash()}}); err != nil {
		t.Fatal(err)
	}
	if durable, err := s.Durable(t.Context(), e); err != nil || durable.Epoch != 1 || len(durable.Next) != f.def.Partitions || durable.Next[0] != 9 || durable.Next[3] != 7 {
		t.Errorf("durable: %v, %v", durable, err)
	}
}

// standingRating is the fact as alerts see it.
func standingRating(f *fact.Fact) alert.Rating {
	e := &f.Event
	return alert.Rating{RatingID: e.RatingID, CustomerID: e.CustomerID, OccurredAt: time.UnixMilli(e.OccurredAt).UTC(), ArrivedAt: time.UnixMilli(f.Timestamp).UTC(),
		Partition: f.Partition, Offset: f.Offset, Service: e.Service, Segment: e.Segment, Rating: e.Rating, Counts: e.Op != event.Erase && !e.Quarantined && !e.Staff}
}

func TestTheRatingsOfCustomersAreTheirFactsAsTheyNowStand(t *testing.T) {
	f := newFixture(t, fewWindows(), 600, 4, now)
	f.change(t)
	s, e := NewAlerts(f.conn), f.epoch(t)
	all := f.standing()
	slices.SortFunc(all, func(a, b fact.Fact) int {
		return cmp.Or(cmp.Compare(a.Event.OccurredAt, b.Event.OccurredAt), cmp.Compare(a.Event.RatingID, b.Event.RatingID))
	})
	customers := []string{"customer-3", "customer-17", "customer-39"}
	for i := range 2 * idsAtOnce {
		customers = append(customers, fmt.Sprint("nobody-'", i))
	}
	from, to := time.UnixMilli(all[70].Event.OccurredAt), time.UnixMilli(all[500].Event.OccurredAt)
	want := map[string][]alert.Rating{}
	customers = append(customers, all[70].Event.CustomerID, all[500].Event.CustomerID) // at the ends
	slices.Sort(customers)
	customers = slices.Compact(customers)
	for _, v := range all[70:501] {
		if !slices.Contains(customers, v.Event.CustomerID) {
			continue
		}
		want[v.Event.CustomerID] = append(want[v.Event.CustomerID], standingRating(&v))
	}
	got, err := s.Ratings(t.Context(), e, customers, from, to)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, read %+v\nwant %+v", err, got, want)
	}
	some := map[string][]alert.Rating{}
	var ids []string
	for customer, ratings := range want {
		for i, x := range ratings {
			if i%3 == 0 {
				ids = append(ids, x.RatingID)
				some[customer] = append(some[customer], x)
			}
		}
	}
	if got, err := s.RatingsOf(t.Context(), e, customers, append(ids, "it's none"), from, to); err != nil || !reflect.DeepEqual(got, some) {
		t.Errorf("%v, read %+v\nwant %+v", err, got, some)
	}
	rules, err := alert.NewRules(alert.DefaultConfig(), 350, 400)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := s.CustomerSums(t.Context(), e, customers, rules, from)
	if err != nil {
		t.Fatal(err)
	}
	wantSums := map[string]alert.Sums{}
	for _, v := range all[70:] {
		x := standingRating(&v)
		if !slices.Contains(customers, x.CustomerID) || !x.Counts || x.Rating == 0 {
			continue
		}
		if wantSums[x.CustomerID] == nil {
			wantSums[x.CustomerID] = alert.Sums{}
		}
		n := x.OccurredAt.UnixMilli() / rules.BucketLength().Milliseconds()
		b := wantSums[x.CustomerID][n]
		if b == nil {
			b = &alert.Bucket{}
			wantSums[x.CustomerID][n] = b
		}
		if x.Rating >= 400 {
			b.Satisfied++
		} else {
			b.Others++
		}
		b.Above += int64(max(0, x.Rating-350))
		b.Below += int64(max(0, 350-x.Rating))
	}
	if !reflect.DeepEqual(sums, wantSums) {
		t.Errorf("sums %v\nwant %v", sums, wantSums)
	}
}

func TestGroupsAreTheSumsOfTwoWindowsOverAllPartitions(t *testing.T) {
	f := newFixture(t, fewWindows(), 3000, 8, now)
	s, e := NewAlerts(f.conn), f.epoch(t)
	exec(t, f.conn, "SYSTEM STOP MERGES satisfaction_windows")
	var rewritten []owner.WindowRow
	for at, sums := range f.windows {
		if at.partition == 1 {
			sums.Ratings += 7
			rewritten = append(rewritten, owner.WindowRow{Partition: 1, Window: at.name, End: at.end, Key: at.key, Version: f.cut + 1, Sums: *sums})
		}
	}
	if err := f.sink.InsertWindows(t.Context(), rewritten); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"3d", "12h"} {
		end, complete, err := s.LatestComplete(t.Context(), e, name)
		if err != nil || !complete {
			t.Fatalf("%s: %v, %v", name, complete, err)
		}
		w, _ := windowNamed(e, name)
		last := f.grid.LastEnd(w, f.last)
		if !end.Equal(f.grid.Start(last)) {
			t.Errorf("%s: newest end %s, want %s", name, end, f.grid.Start(last))
		}
		for _, dimension := range []string{window.Service, window.Segment} {
			want := map[string]*alert.Group{}
			for at, sums := range f.windows {
				if at.name != name || at.key.Dimension != dimension || at.end != last && at.end != last-w.Length {
					continue
				}
				g := want[at.key.Value]
				if g == nil {
					g = &alert.Group{Subject: alert.Subject{Dimension: dimension, Value: at.key.Value}, End: end, Window: time.Duration(w.Length) * f.def.Pane}
					want[at.key.Value] = g
				}
				if at.end == last {
					g.Satisfied, g.Ratings = g.Satisfied+sums.Satisfied, g.Ratings+sums.Ratings
				} else {
					g.BeforeSatisfied, g.BeforeRatings = g.BeforeSatisfied+sums.Satisfied, g.BeforeRatings+sums.Ratings
				}
			}
			got, err := s.Groups(t.Context(), e, dimension, name, end)
			if err != nil || len(got) != len(want) || len(got) == 0 {
				t.Fatalf("%s of %s: %d groups, %v; want %d", name, dimension, len(got), err, len(want))
			}
			for _, g := range got {
				if g != *want[g.Subject.Value] || g.Ratings == 0 || g.BeforeRatings == 0 {
					t.Errorf("%+v, want %+v, with ratings in both", g, *want[g.Subject.Value])
				}
			}
		}
	}
}

func TestNoWindowIsCompleteWhileAPartitionHasNoCheckpoint(t *testing.T) {
	f := newFixture(t, fewWindows(), 0, 2, now)
	s, e := NewAlerts(f.conn), f.epoch(t)
	exec(t, f.conn, "DELETE FROM pipeline_checkpoints WHERE partition = 2")
	if end, complete, err := s.LatestComplete(t.Context(), e, "3d"); err != nil || complete {
		t.Errorf("%s, %v, %v; want none", end, complete, err)
	}
	if _, _, err := s.LatestComplete(t.Context(), e, "9d"); err == nil {
		t.Error("an unknown window is no error")
	}
	if _, err := s.Groups(t.Context(), e, window.Service, "9d", now); err == nil {
		t.Error("groups of an unknown window are no error")
	}
}

func TestAFreshGroupIsMadeOfTheLastVersionsThatArrivedSoon(t *testing.T) {
	f := newFixture(t, fewWindows(), 2000, 8, now)
	f.change(t)
	s, e := NewAlerts(f.conn), f.epoch(t)
	end, _, err := s.LatestComplete(t.Context(), e, "3d")
	if err != nil {
		t.Fatal(err)
	}
	const length, freshAge = 72 * time.Hour, 7*time.Hour + 50*time.Millisecond // some are as old to the millisecond
	for _, of := range []alert.Subject{{Dimension: window.Service, Value: "data_analysis"}, {Dimension: window.Service, Value: "document_review"}, {Dimension: window.Segment, Value: "smb"}} {
		want := alert.Group{Subject: of, End: end, Window: length}
		stale := 0
		for _, v := range f.standing() {
			ev := &v.Event
			at, value := time.UnixMilli(ev.OccurredAt), ev.Service
			if of.Dimension == window.Segment {
				value = ev.Segment
			}
			if value != of.Value || ev.Op == event.Erase || ev.Quarantined || ev.Staff || ev.Rating == 0 || !at.Before(end) || at.Before(end.Add(-2*length)) {
				continue
			}
			if v.Timestamp-ev.OccurredAt >= freshAge.Milliseconds() {
				stale++
				continue
			}
			satisfied := int64(0)
			if ev.Rating >= f.def.Bands.Satisfied {
				satisfied = 1
			}
			if at.Before(end.Add(-length)) {
				want.BeforeRatings, want.BeforeSatisfied = want.BeforeRatings+1, want.BeforeSatisfied+satisfied
			} else {
				want.Ratings, want.Satisfied = want.Ratings+1, want.Satisfied+satisfied
			}
		}
		if got, err := s.FreshGroup(t.Context(), e, of, end, length, freshAge); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v without %d that arrived late", got, err, want, stale)
		}
		if of.Value == "document_review" && stale == 0 {
			t.Error("none arrived late: the test would not see them")
		}
	}
	if _, err := s.FreshGroup(t.Context(), e, alert.Subject{Dimension: "overall"}, end, length, freshAge); err == nil {
		t.Error("a dimension that no alert is about is no error")
	}
}
