package clickhouse

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

func testOptions() VerifyOptions {
	opts := DefaultVerifyOptions(now)
	opts.Pause, opts.Attempts = 0, 2
	return opts
}

func (f *fixture) verify(t *testing.T, opts VerifyOptions) Report {
	t.Helper()
	r, err := Verify(t.Context(), f.conn, 1, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyFindsNothingWhereTheSumsAreRight(t *testing.T) {
	for _, c := range []struct {
		name          string
		def           window.Definition
		ratings, days int
	}{
		{"default windows", sinktest.Definition(), 60, 3},
		{"several slices, and a zone east of UTC", fewWindows(), 400, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, c.def, c.ratings, c.days, now)
			r := f.verify(t, testOptions())
			if !r.OK() || r.Unsettled != 0 {
				t.Errorf("%d differences, %d conflicts, %d unsettled, want none: %v", r.Differing, r.ConflictCount, r.Unsettled, r.Differences)
			}
			if r.Facts != uint64(c.ratings) || r.PaneRows < uint64(len(f.panes)) || r.WindowRows < uint64(len(f.windows)) || len(f.windows) == 0 {
				t.Errorf("compared %d facts, %d pane rows, %d window rows; want %d, at least %d and %d",
					r.Facts, r.PaneRows, r.WindowRows, c.ratings, len(f.panes), len(f.windows))
			}
		})
	}
}

func TestVerifyTellsServicesAndChannelsApartWhateverTheyAreCalled(t *testing.T) {
	pairs := [][2]string{{"a/b", "c"}, {"a", "b/c"}, {"a%2Fb", "c"}, {"a%252Fb", "c"}, {"a%", "2Fb/c"}, {"/", "/"}, {"a", ""}}
	f := newFixture(t, fewWindows(), 70, 2, now, func(i int, e *event.Event) {
		e.Service, e.Channel, e.Staff, e.Quarantined, e.Op = pairs[i%len(pairs)][0], pairs[i%len(pairs)][1], false, false, event.Put
	})
	if r := f.verify(t, testOptions()); !r.OK() {
		t.Errorf("%d differences: %v", r.Differing, r.Differences)
	}
	_, groups, err := NewReader(f.conn).Range(t.Context(), f.epoch(t), Span{f.grid.Start(f.first), f.grid.Start(f.last + 1)}, Selection{Dimensions: []string{window.ServiceChannel}})
	if err != nil || len(groups) != len(pairs)-1 {
		t.Errorf("%d pairs, %v; want %d: %+v", len(groups), err, len(pairs)-1, groups)
	}
}

// anyPane returns a pane row that holds a rating and a declared quality metric.
func (f *fixture) anyPane() (paneAt, window.Sums) {
	for at, s := range f.panes {
		if at.key.Dimension == window.Service && s.Ratings > 0 && s.Quality[3].N > 0 {
			return at, *s
		}
	}
	panic("no such pane")
}

func (f *fixture) anyWindow() (windowAt, window.Sums) {
	for at, s := range f.windows {
		if at.key.Dimension == window.Product && s.Ratings > 1 {
			return at, *s
		}
	}
	panic("no such window")
}

func (f *fixture) insertPane(t *testing.T, at paneAt, version int64, sums window.Sums) {
	t.Helper()
	if err := f.sink.InsertPanes(t.Context(), []owner.PaneRow{{Partition: at.partition, Pane: at.pane, Key: at.key, Version: version, Sums: sums}}); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) insertWindow(t *testing.T, at windowAt, sums window.Sums) {
	t.Helper()
	row := owner.WindowRow{Partition: at.partition, Window: at.name, End: at.end, Key: at.key, Version: f.cut, Sums: sums}
	if err := f.sink.InsertWindows(t.Context(), []owner.WindowRow{row}); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) insertFact(t *testing.T, r fact.Fact) {
	t.Helper()
	if err := f.sink.InsertFacts(t.Context(), []fact.Fact{r}); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyNamesTheRowThatDiffers(t *testing.T) {
	f := newFixture(t, fewWindows(), 120, 4, now)
	at, sums := f.anyPane()
	end, windowSums := f.anyWindow()
	surplus := paneAt{at.partition, at.pane, window.Key{Dimension: window.Channel, Value: "fax"}}
	for _, c := range []struct {
		name         string
		damage, mend func(t *testing.T)
		want         string // in the difference
	}{
		{"one window row", func(t *testing.T) {
			s := windowSums
			s.Satisfied += 2
			f.insertWindow(t, end, s)
		}, func(t *testing.T) { f.insertWindow(t, end, windowSums) }, "satisfied stored"},
		{"a declared quality sum of a pane", func(t *testing.T) {
			s := sums
			s.Quality[3].Sum--
			f.insertPane(t, at, f.cut, s)
		}, func(t *testing.T) { f.insertPane(t, at, f.cut, sums) }, "effort_sum stored"},
		{"the squares of a pane", func(t *testing.T) {
			s := sums
			s.SumSquares++
			f.insertPane(t, at, f.cut, s)
		}, func(t *testing.T) { f.insertPane(t, at, f.cut, sums) }, "rating_sum_squares stored"},
		{"a pane row that is missing", func(t *testing.T) {
			exec(t, f.conn, "DELETE FROM satisfaction_panes WHERE dimension = "+quote(at.key.Dimension)+" AND value = "+quote(at.key.Value)+
				" AND pane = "+integer(int32(seconds(&f.grid, at.pane)))+" AND partition = "+integer(at.partition))
		}, func(t *testing.T) { f.insertPane(t, at, f.cut, sums) }, "no row stored; ratings stored 0, recomputed"},
		{"a pane row too many", func(t *testing.T) { f.insertPane(t, surplus, f.cut, window.Sums{Unscored: 3}) },
			func(t *testing.T) { f.insertPane(t, surplus, f.cut, window.Sums{}) }, "unscored stored 3, recomputed 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.damage(t)
			r := f.verify(t, testOptions())
			if r.Differing != 1 || len(r.Differences) != 1 || !strings.Contains(r.Differences[0].String(), c.want) {
				t.Errorf("%d differences %v, want one with %q", r.Differing, r.Differences, c.want)
			}
			c.mend(t)
			if r := f.verify(t, testOptions()); !r.OK() {
				t.Errorf("after mending: %v", r.Differences)
			}
		})
	}
	f.insertWindow(t, end, window.Sums{})
	want := Difference{Table: "satisfaction_windows", Window: end.name, Time: f.grid.Start(end.end), Partition: end.partition, Key: end.key}
	got := f.verify(t, testOptions()).Differences[0]
	if got.Table != want.Table || got.Window != want.Window || !got.Time.Equal(want.Time) || got.Partition != want.Partition || got.Key != want.Key {
		t.Errorf("difference at %+v, want at %+v", got, want)
	}
}

func TestVerifyCountsWhatItDoesNotList(t *testing.T) {
	f := newFixture(t, fewWindows(), 120, 4, now)
	exec(t, f.conn, "INSERT INTO satisfaction_panes SELECT * REPLACE (ratings + 1 AS ratings) FROM satisfaction_panes FINAL WHERE partition = 1")
	opts := testOptions()
	opts.MaxDifferences = 3
	if r := f.verify(t, opts); len(r.Differences) != 3 || r.Differing < 50 {
		t.Errorf("%d listed of %d, want 3 of many", len(r.Differences), r.Differing)
	}
	opts.From, opts.To = now.Add(-24*time.Hour), now.Add(-23*time.Hour)
	if r := f.verify(t, opts); r.Differing > 50 {
		t.Errorf("%d differ within one hour, want few", r.Differing)
	}
}

func TestVerifyJudgesOnlyWhatIsSettled(t *testing.T) {
	f := newFixture(t, fewWindows(), 120, 4, now)
	r := f.facts[0]
	late := fact.New(&event.Event{RatingID: "late", OccurredAt: r.Event.OccurredAt, CustomerID: "c", Service: "data_analysis", Rating: 500, Quality: event.NoQuality()},
		r.Partition, f.cut+5, 0, r.Pane)
	f.insertFact(t, late)
	report := f.verify(t, testOptions())
	if report.Verdict() != Undecided || report.Unsettled == 0 {
		t.Errorf("a fact beyond the checkpoint: %d differ, %d unsettled, want 0 and some: %v", report.Differing, report.Unsettled, report.Differences)
	}
	if err := f.sink.InsertCheckpoints(t.Context(), f.checkpoints(f.cut+6)); err != nil {
		t.Fatal(err)
	}
	if report := f.verify(t, testOptions()); report.Differing == 0 || report.Unsettled != 0 {
		t.Errorf("the checkpoint past it: %d differ, %d unsettled, want some and 0", report.Differing, report.Unsettled)
	}
	at, _ := f.anyPane()
	f = newFixture(t, fewWindows(), 120, 4, now)
	f.insertPane(t, at, f.cut+1, window.Sums{Ratings: 77})
	if report := f.verify(t, testOptions()); report.Verdict() != Undecided || report.Unsettled != 1 {
		t.Errorf("a pane newer than the checkpoint: %d differ, %d unsettled, want 0 and 1", report.Differing, report.Unsettled)
	}
}

func TestVerifyLooksAgainAtWhatAFlushMayChange(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	at, sums := f.anyPane()
	f.insertPane(t, at, f.cut+1, window.Sums{Ratings: 77})
	opts := testOptions()
	opts.Pause, opts.Attempts = 100*time.Millisecond, 100
	done := make(chan error, 1)
	go func() {
		time.Sleep(300 * time.Millisecond)
		ctx := context.WithoutCancel(t.Context())
		rows := []owner.PaneRow{{Partition: at.partition, Pane: at.pane, Key: at.key, Version: f.cut + 2, Sums: sums}}
		if err := f.sink.InsertPanes(ctx, rows); err != nil {
			done <- err
			return
		}
		done <- f.sink.InsertCheckpoints(ctx, f.checkpoints(f.cut+2))
	}()
	r := f.verify(t, opts)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !r.OK() || r.Unsettled != 0 {
		t.Errorf("%d differ, %d unsettled after the flush had ended, want none: %v", r.Differing, r.Unsettled, r.Differences)
	}
}

func TestVerifyLeavesOutWindowsThatAreNotClosed(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	f.insertWindow(t, windowAt{1, "1h", f.last + 1, overallKey}, window.Sums{Ratings: 5})
	if r := f.verify(t, testOptions()); !r.OK() {
		t.Errorf("a window beyond the watermark: %v", r.Differences)
	}
}

var overallKey = window.Key{Dimension: window.Overall}

func TestVerifyFindsRatingIDsThatStandTwice(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	original := f.facts[0]
	for _, r := range f.facts {
		if r.Event.Op == event.Put {
			original = r
			break
		}
	}
	twin := original
	twin.Partition, twin.Event.CustomerID, twin.Event.Quarantined = (original.Partition+1)%4, "another", true
	f.insertFact(t, twin)
	r := f.verify(t, testOptions())
	if r.OK() || r.ConflictCount != 1 || len(r.Conflicts) != 1 || r.Conflicts[0].RatingID != original.Event.RatingID || len(r.Conflicts[0].Places) != 2 {
		t.Fatalf("conflicts %d %+v, want one of %s at two places", r.ConflictCount, r.Conflicts, original.Event.RatingID)
	}
	for _, p := range r.Conflicts[0].Places {
		if p.OccurredAt.UnixMilli() != original.Event.OccurredAt || p.Offset != original.Offset || (p.CustomerID == "another") != (p.Partition == twin.Partition) {
			t.Errorf("place %+v", p)
		}
	}
	erase := twin.Event
	erase.Op = event.Erase
	f.insertFact(t, fact.New(&erase, twin.Partition, twin.Offset, 0, twin.Pane))
	if r := f.verify(t, testOptions()); r.ConflictCount != 0 {
		t.Errorf("conflicts after the lesser was erased: %+v", r.Conflicts)
	}
}

func TestVerifyRefusesAnEpochThatIsNotThere(t *testing.T) {
	conn := migrated(t)
	if _, err := Verify(t.Context(), conn, 7, testOptions()); !IsPermanent(err) || !strings.Contains(err.Error(), "epoch 7") {
		t.Errorf("error %v, want a permanent one about epoch 7", err)
	}
}

func TestVerifySaysNoDifferenceOnlyWhereItHasJudgedAll(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	opts := testOptions()
	if r := f.verify(t, opts); r.Verdict() != Same {
		t.Errorf("all of it: %s", r.Verdict())
	}
	opts.From, opts.To = now.AddDate(-1, 0, 0), now.AddDate(-1, 1, 0)
	if r := f.verify(t, opts); r.Verdict() != Empty || r.OK() {
		t.Errorf("a time without rows: %s", r.Verdict())
	}
	for _, wrong := range []VerifyOptions{{From: now, To: now}, {From: now, To: now.Add(-time.Hour)}, {MaxDifferences: -1}} {
		if _, err := Verify(t.Context(), f.conn, 1, wrong); !errors.Is(err, ErrVerifyOptions) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	half := []owner.Checkpoint{{Partition: 2, Cut: f.cut + 1, Watermark: 0, Definition: f.def.Hash()}} // of a replay that was killed
	if err := f.sink.InsertCheckpoints(t.Context(), half); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(t, testOptions()); r.Differing == 0 && r.Verdict() != Undecided || len(r.Unfilled) != 1 || r.Unfilled[0] != 2 {
		t.Errorf("a partition of which nothing is complete: %s, unfilled %v", r.Verdict(), r.Unfilled)
	}
	exec(t, f.conn, "TRUNCATE TABLE pipeline_checkpoints")
	if r := f.verify(t, testOptions()); r.OK() || len(r.Unfilled) != 4 {
		t.Errorf("no checkpoint: %s, unfilled %v", r.Verdict(), r.Unfilled)
	}
}

func TestVerifyFindsRatingsInTheWrongPane(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	e := event.Event{RatingID: "early", CustomerID: "c", Service: "data_analysis", OccurredAt: now.Add(-3 * time.Hour).UnixMilli(), Rating: 400, Quarantined: true, Quality: event.NoQuality()}
	f.insertFact(t, fact.New(&e, 1, 1, e.OccurredAt, f.grid.PaneOf(e.OccurredAt)-2)) // no sum is wrong
	if r := f.verify(t, testOptions()); r.Misfiled != 1 || r.Differing != 0 || r.OK() {
		t.Errorf("%d misfiled, %d differ, %s; want one, none", r.Misfiled, r.Differing, r.Verdict())
	}
}

func TestVerifyReportsVersionsOfOneKeyThatDifferInTheCustomer(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	for i, customer := range []string{"ann", "bob"} {
		e := event.Event{RatingID: "r1", Revision: uint32(i), CustomerID: customer, Service: "data_analysis", OccurredAt: now.Add(-3 * time.Hour).UnixMilli(), Rating: 400, Quarantined: true, Quality: event.NoQuality()}
		f.insertFact(t, fact.New(&e, 1, int64(i), e.OccurredAt, f.grid.PaneOf(e.OccurredAt)))
	}
	if r := f.verify(t, testOptions()); r.Replaced != 1 || r.ConflictCount != 0 || r.OK() {
		t.Errorf("%d replaced, %d conflicts, %s; want one, none", r.Replaced, r.ConflictCount, r.Verdict())
	}
}

func TestVerifyTellsSumsWithoutRatings(t *testing.T) {
	f := newFixture(t, fewWindows(), 60, 2, now)
	at := f.grid.PaneOf(now.AddDate(-1, 0, 0).UnixMilli())
	f.insertPane(t, paneAt{1, at, overallKey}, 1, window.Sums{Ratings: 1})
	f.insertPane(t, paneAt{1, f.grid.PaneOf(now.AddDate(-5, 0, 0).UnixMilli()), overallKey}, 1, window.Sums{Ratings: 1})
	r := f.verify(t, testOptions())
	if r.Differing != 1 || r.Differences[0].Fields[0].Stored != 1 || r.Differences[0].Fields[0].Recomputed != 0 || r.Beyond != 1 {
		t.Errorf("%d differ %v, %d beyond; want the sum of a year ago, and that of five years ago apart", r.Differing, r.Differences, r.Beyond)
	}
}

// counting counts the comparisons.
type counting struct {
	driver.Conn
	compared int
}

func (c *counting) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if strings.Contains(query, "settled") {
		c.compared++
	}
	return c.Conn.Query(ctx, query, args...)
}

func TestVerifyCostsWhatThereIsAndNotTheTimeBetween(t *testing.T) {
	f := newFixture(t, sinktest.Definition(), 10, 1, now)
	old := now.AddDate(0, 0, -705)
	e := event.Event{RatingID: "old", CustomerID: "c", Service: "data_analysis", OccurredAt: old.UnixMilli(), Rating: 400, Quality: event.NoQuality()}
	f.insertFact(t, fact.New(&e, 1, 5, e.OccurredAt, f.grid.PaneOf(e.OccurredAt)))
	c := &counting{Conn: f.conn}
	opts := testOptions()
	r, err := Verify(t.Context(), c, 1, opts)
	if err != nil || r.Differing == 0 || r.Facts != 11 {
		t.Errorf("%v, %d differ of %d ratings; want those of the old rating, which has no sums", err, r.Differing, r.Facts)
	}
	if c.compared > 40 {
		t.Errorf("%d comparisons for 11 ratings, want at most 40", c.compared)
	}
}

func TestTheLatestOfEqualRevisionsIsToldByTimeAndNeverByOffsetsOfTwoPartitions(t *testing.T) {
	at := func(minute int) time.Time { return now.Add(time.Duration(minute) * time.Minute) }
	for name, c := range map[string]struct{ stays, goes Place }{
		"a higher revision":             {Place{Partition: 0, Offset: 1, Revision: 2, Timestamp: at(0)}, Place{Partition: 1, Offset: 9, Revision: 1, Timestamp: at(5)}},
		"a later record, lower offset":  {Place{Partition: 1, Offset: 10, Timestamp: at(60)}, Place{Partition: 0, Offset: 5000, Timestamp: at(0)}},
		"one time in two partitions":    {Place{Partition: 3, Offset: 1, Timestamp: at(0)}, Place{Partition: 2, Offset: 900, Timestamp: at(0)}},
		"one time in one partition":     {Place{Partition: 2, Offset: 8, Timestamp: at(0), CustomerID: "b"}, Place{Partition: 2, Offset: 7, Timestamp: at(0), CustomerID: "a"}},
		"an earlier time, later offset": {Place{Partition: 2, Offset: 3, Timestamp: at(1)}, Place{Partition: 2, Offset: 7, Timestamp: at(0)}},
	} {
		for _, places := range [][]Place{{c.stays, c.goes}, {c.goes, c.stays}} {
			conflict := Conflict{RatingID: "r", Places: places}
			if got := conflict.Lesser(); len(got) != 1 || got[0] != c.goes {
				t.Errorf("%s: %+v goes, want %+v", name, got, c.goes)
			}
		}
	}
}
