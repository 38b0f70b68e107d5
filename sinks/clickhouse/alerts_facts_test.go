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

func TestInsertedFindsEveryVersionThatWasStoredSince(t *testing.T) {
	f := newFixture(t, fewWindows(), 0, 2, now)
	s, e := NewAlerts(f.conn), f.epoch(t)
	_, begin, err := s.Inserted(t.Context(), e, Look{})
	if err != nil || begin.Before(time.Now().Add(-time.Minute)) || begin.After(time.Now().Add(time.Minute)) {
		t.Fatalf("the server's clock says %s, %v", begin, err)
	}
	at := now.Add(-time.Hour).UnixMilli()
	rating := func(id string, occurred int64) event.Event {
		return event.Event{RatingID: id, CustomerID: "c'1", Service: "s", OccurredAt: occurred, Rating: 200, Quality: event.NoQuality()}
	}
	first := f.add(t, rating("r1", at), 0, at)
	corrected := rating("r1", at)
	corrected.Revision = 1
	second := f.add(t, corrected, 0, at+1)
	gone := rating("r2", at)
	gone.Op = event.Erase
	erased := f.add(t, gone, 3, at)
	old := f.add(t, rating("old", at-48*3_600_000), 0, at)
	backlog := f.add(t, rating("backlog", at), 0, at-3*3_600_000)
	if err := NewSink(f.conn, 2, &f.def).InsertFacts(t.Context(), []fact.Fact{first}); err != nil { // of another epoch
		t.Fatal(err)
	}
	find := func(look Look) (found []uint64) {
		t.Helper()
		facts, now, err := s.Inserted(t.Context(), e, look)
		if err != nil || now.Before(begin) {
			t.Fatalf("%s, %v", now, err)
		}
		for _, g := range facts {
			if g.CustomerID != "c'1" || g.RatingID == "" || g.InsertedAt.Before(begin) || g.InsertedAt.After(now) {
				t.Errorf("found %+v: want one of the customer that was stored after %s", g, begin)
			}
			found = append(found, g.Version)
		}
		slices.Sort(found)
		customers, _, err := s.InsertedCustomers(t.Context(), e, look)
		if err != nil || len(customers) != min(len(facts), 1) || len(facts) > 0 && customers[0] != "c'1" {
			t.Errorf("customers %q of %d ratings, %v", customers, len(facts), err)
		}
		return found
	}
	for name, c := range map[string]struct {
		look Look
		want []fact.Fact
	}{
		"everything":              {Look{Since: begin}, []fact.Fact{first, second, erased, old, backlog}},
		"of late panes":           {Look{Since: begin, Rated: time.UnixMilli(at + 1)}, []fact.Fact{first, second, erased, backlog}},
		"arrived lately":          {Look{Since: begin, Arrived: time.UnixMilli(at)}, []fact.Fact{first, second, erased, old}},
		"arrived just after them": {Look{Since: begin, Arrived: time.UnixMilli(at + 1)}, []fact.Fact{second}},
		"stored after all":        {Look{Since: time.Now().Add(time.Hour)}, nil},
	} {
		var want []uint64
		for _, f := range c.want {
			want = append(want, f.Version)
		}
		slices.Sort(want)
		if got := find(c.look); !slices.Equal(got, want) {
			t.Errorf("%s: versions %v, want %v", name, got, want)
		}
	}
}

func TestWhatAppearsLateIsFoundByALookThatReachesBack(t *testing.T) {
	// An insert stamps its rows when it begins, and they appear when it ends.
	f := newFixture(t, fewWindows(), 0, 2, now)
	s, e := NewAlerts(f.conn), f.epoch(t)
	_, looked, err := s.Inserted(t.Context(), e, Look{})
	if err != nil {
		t.Fatal(err)
	}
	f.add(t, event.Event{RatingID: "r", CustomerID: "c", Service: "s", OccurredAt: now.UnixMilli(), Rating: 200, Quality: event.NoQuality()}, 0, now.UnixMilli())
	exec(t, f.conn, fmt.Sprintf("INSERT INTO enterprise_customer_satisfaction SELECT * REPLACE ('late' AS rating_id, %s AS inserted_at) FROM enterprise_customer_satisfaction", millis(looked.Add(-90*time.Second))))
	for back, want := range map[time.Duration]int{0: 1, 2 * time.Minute: 2} {
		if got, _, err := s.Inserted(t.Context(), e, Look{Since: looked.Add(-back)}); err != nil || len(got) != want {
			t.Errorf("reaching back %s: %d, %v; want %d", back, len(got), err, want)
		}
	}
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
		ev := v.Event
		want[ev.CustomerID] = append(want[ev.CustomerID], alert.Rating{RatingID: ev.RatingID, CustomerID: ev.CustomerID, OccurredAt: time.UnixMilli(ev.OccurredAt).UTC(),
			ArrivedAt: time.UnixMilli(v.Timestamp).UTC(), Service: ev.Service, Segment: ev.Segment, Rating: ev.Rating, Counts: ev.Op != event.Erase && !ev.Quarantined && !ev.Staff})
	}
	got, err := s.Ratings(t.Context(), e, customers, from, to)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, read %+v\nwant %+v", err, got, want)
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
