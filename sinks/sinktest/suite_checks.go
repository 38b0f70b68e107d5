package sinktest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

func empty(t *testing.T, s *subject) {
	s.wantFacts(1, []window.Pane{basePane})
	s.wantSums(1, 0, basePane+1000, nil)
	if known := s.known(1); len(known) != 0 {
		t.Errorf("known panes %v, want none", known)
	}
	if found, err := s.Checkpoints(t.Context(), []int32{0, 1}); err != nil || len(found) != 0 {
		t.Errorf("checkpoints %v, %v: want none", found, err)
	}
}

func noRows(t *testing.T, s *subject) {
	ctx := t.Context()
	s.ok(s.InsertFacts(ctx, nil))
	s.ok(s.InsertPanes(ctx, nil))
	s.ok(s.InsertWindows(ctx, nil))
	s.ok(s.InsertDeadLetters(ctx, nil))
	s.ok(s.InsertCheckpoints(ctx, nil))
	s.facts(rating("a", basePane, 0, 1))
	s.wantFacts(1, nil)
	s.panes(sumsRow(basePane, overall, 1, 1))
	s.wantSums(1, basePane, basePane+1, []window.Key{})
	if found, err := s.Checkpoints(ctx, nil); err != nil || len(found) != 0 {
		t.Errorf("checkpoints of no partitions: %v, %v: want none", found, err)
	}
}

// full returns a fact with every field set.
func full(id string, offset int64) fact.Fact {
	f := rating(id, basePane, 3, offset)
	e := &f.Event
	e.ProductID, e.Channel, e.Segment, e.Source, e.Staff, e.Quarantined = "product-1", "phone", "smb", "crm", true, true
	e.Attributes = []event.Pair{{Key: "industry", Value: "health"}, {Key: "region", Value: "north"}}
	e.Quality = event.Quality{1500, 990_000, 1_000_000, -7, event.MissingQuality, event.MissingQuality}
	e.Answers = []event.Answer{{Question: "q1", Value: "9", Number: true}, {Question: "q2", Value: "so so"}}
	e.Comment, e.Language, e.SurveyID, e.InvitationID = "well done", "en", "survey-1", "invitation-1"
	e.CommentTruncated = true
	return f
}

func fields(_ *testing.T, s *subject) {
	oneAttribute := full("one-attribute", 11)
	oneAttribute.Event.Attributes = oneAttribute.Event.Attributes[1:]
	zeroQuality := full("zero-quality", 12)
	zeroQuality.Event.Quality = event.Quality{0, 0, 0, 0, event.MissingQuality, event.MissingQuality}
	unscored := full("unscored", 13)
	unscored.Event.Rating = 0
	plain := rating("plain", basePane, event.MaxRevision, 1<<40-2)
	all := []fact.Fact{full("full", 10), oneAttribute, zeroQuality, unscored, plain}
	s.facts(all...)
	s.wantFacts(1, []window.Pane{basePane}, all...)
}

func anyCharacter(_ *testing.T, s *subject) {
	f := full("id", 1)
	odd := "it's \"odd\" \\ `x` \n\n\t\r\x00 ? {a:b} 满意 😀 /* -- ;"
	f.Event.ProductID, f.Event.Channel, f.Event.Comment, f.Event.CustomerID = odd, odd, odd, odd
	f.Event.Attributes[0].Value = odd
	s.facts(f)
	s.wantFacts(1, []window.Pane{basePane}, f)
	row := sumsRow(basePane, window.Key{Dimension: window.Product, Value: odd}, 1, 1)
	s.panes(row, sumsRow(basePane, overall, 1, 1))
	s.wantSums(1, basePane, basePane+1, []window.Key{row.Key}, row)
}

func factVersions(_ *testing.T, s *subject) {
	older, newer := rating("a", basePane, 0, 5), rating("a", basePane, 1, 4)
	s.facts(older)
	s.facts(newer)
	s.wantFacts(1, []window.Pane{basePane}, newer)
	older.Event.RatingID, newer.Event.RatingID = "b", "b"
	s.facts(newer)
	s.facts(older)
	a := rating("a", basePane, 1, 4)
	s.wantFacts(1, []window.Pane{basePane}, a, newer)
}

func factEqualVersions(_ *testing.T, s *subject) {
	first, second := rating("a", basePane, 0, 5), rating("a", basePane, 0, 5)
	second.Event.Service = "document_review"
	s.facts(first)
	s.facts(second)
	s.wantFacts(1, []window.Pane{basePane}, second)
}

func factsOfOneInsert(_ *testing.T, s *subject) {
	a1, a2, a3 := rating("a", basePane, 0, 1), rating("a", basePane, 2, 2), rating("a", basePane, 1, 3)
	b1, b2 := rating("b", basePane, 0, 4), rating("b", basePane, 0, 4)
	b2.Event.Service = "document_review"
	s.facts(a1, b1, a2, a3, b2)
	s.wantFacts(1, []window.Pane{basePane}, a2, b2)
}

func erased(_ *testing.T, s *subject) {
	put, later := full("a", 5), full("a", 9)
	later.Version = fact.Version(event.Put, event.MaxRevision, 9)
	erase := put.Event
	erase.Op, erase.Revision = event.Erase, 0
	gone := fact.New(&erase, 1, 7, 1, basePane)
	s.facts(put)
	s.facts(gone)
	s.facts(later)
	s.wantFacts(1, []window.Pane{basePane}, gone)
}

func factIdentity(_ *testing.T, s *subject) {
	here, elsewhere, next := rating("a", basePane, 0, 5), rating("a", basePane, 0, 6), rating("a", basePane+1, 0, 7)
	elsewhere.Partition = 2
	s.facts(here, elsewhere, next)
	s.wantFacts(1, []window.Pane{basePane, basePane + 1}, here, next)
	s.wantFacts(2, []window.Pane{basePane, basePane + 1}, elsewhere)
}

func paneVersions(_ *testing.T, s *subject) {
	s.panes(sumsRow(basePane, overall, 10, 1))
	s.panes(sumsRow(basePane, overall, 20, 2))
	s.panes(sumsRow(basePane, service, 20, 2))
	s.panes(sumsRow(basePane, service, 10, 1))
	s.wantSums(1, basePane, basePane+1, nil, sumsRow(basePane, overall, 20, 2), sumsRow(basePane, service, 20, 2))
}

func paneEqualVersions(_ *testing.T, s *subject) {
	s.panes(sumsRow(basePane, overall, 10, 2))
	s.panes(sumsRow(basePane, overall, 10, 1))
	s.panes(sumsRow(basePane, service, 10, 3), sumsRow(basePane, service, 10, 2))
	s.wantSums(1, basePane, basePane+1, nil, sumsRow(basePane, overall, 10, 1), sumsRow(basePane, service, 10, 2))
}

func zeros(t *testing.T, s *subject) {
	s.panes(sumsRow(basePane, overall, 10, 2), sumsRow(basePane, service, 10, 0))
	s.panes(sumsRow(basePane, overall, 20, 0))
	s.wantSums(1, basePane, basePane+1, nil, sumsRow(basePane, overall, 20, 0), sumsRow(basePane, service, 10, 0))
	want := map[at]bool{{basePane, overall}: true, {basePane, service}: true}
	if got := s.keys(1, basePane); !maps.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
}

func paneFilters(_ *testing.T, s *subject) {
	var all []owner.PaneRow
	for i := range window.Pane(10) {
		all = append(all, sumsRow(basePane+i, overall, 1, int64(i)), sumsRow(basePane+i, service, 1, int64(i)))
	}
	elsewhere := sumsRow(basePane+3, overall, 1, 99)
	elsewhere.Partition = 2
	s.panes(append(slices.Clone(all), elsewhere)...)
	s.wantSums(1, basePane+2, basePane+4, nil, all[4:8]...)
	s.wantSums(1, basePane+2, basePane+4, []window.Key{service}, all[5], all[7])
	s.wantSums(1, basePane+2, basePane+4, []window.Key{service, overall, {Dimension: window.Service, Value: "none"}}, all[4:8]...)
	s.wantSums(1, basePane+4, basePane+4, nil)
	s.wantSums(2, basePane, basePane+10, nil, elsewhere)
}

func allSums(_ *testing.T, s *subject) {
	row := owner.PaneRow{Partition: 1, Pane: basePane, Key: overall, Version: 1, Sums: window.Sums{
		Ratings: 1, Unscored: 2, Satisfied: 3, Highly: 4, Dissatisfied: 5, Sum: 6, SumSquares: 1 << 60, Stars: [5]int64{7, 8, 9, 10, 11},
	}}
	for i := range 4 {
		row.Sums.Quality[i] = window.QualitySum{Sum: int64(-100 - i), N: int64(200 + i)}
	}
	s.panes(row)
	s.wantSums(1, basePane, basePane+1, nil, row)
}

func knownPanes(t *testing.T, s *subject) {
	s.facts(rating("a", basePane, 0, 1), rating("b", basePane, 0, 2), rating("c", basePane-200_000, 0, 3))
	s.panes(sumsRow(basePane, overall, 1, 1), sumsRow(basePane+5, overall, 1, 0), sumsRow(basePane+6, staffKey, 1, 0))
	elsewhere := rating("d", basePane+9, 0, 4)
	elsewhere.Partition = 2
	s.facts(elsewhere)
	want := []window.Pane{basePane - 200_000, basePane, basePane + 5, basePane + 6}
	if got := s.known(1); !slices.Equal(got, want) {
		t.Errorf("known panes %v, want %v", got, want)
	}
}

func pageFilters(t *testing.T, s *subject) {
	var facts []fact.Fact
	var panes []owner.PaneRow
	for i := range window.Pane(10) {
		facts = append(facts, rating("a", basePane+i, 0, int64(i)), rating("b", basePane+i, 0, int64(100+i)))
		panes = append(panes, sumsRow(basePane+i, overall, 1, 1), sumsRow(basePane+i, service, 1, 1))
	}
	s.facts(facts...)
	s.panes(panes...)
	asked := []window.Pane{basePane + 2, basePane + 7, basePane + 500}
	s.wantFacts(1, asked, facts[4], facts[5], facts[14], facts[15])
	want := map[at]bool{{basePane + 2, overall}: true, {basePane + 2, service}: true, {basePane + 7, overall}: true, {basePane + 7, service}: true}
	if got := s.keys(1, asked...); !maps.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
}

func manyPanes(t *testing.T, s *subject) {
	last := rating("a", basePane, 0, 1)
	s.facts(last)
	s.panes(sumsRow(basePane, overall, 1, 1))
	var asked []window.Pane
	for i := range window.Pane(60_000) {
		asked = append(asked, basePane-2*i)
	}
	s.wantFacts(1, asked, last)
	if got := s.keys(1, asked...); len(got) != 1 {
		t.Errorf("%d keys, want 1", len(got))
	}
}

func checkpoints(t *testing.T, s *subject) {
	ms := int64(basePane) * 300_000
	low := owner.Checkpoint{Partition: 1, Cut: 10, Watermark: ms + 900_000, FreshAt: ms + 7, Log: event.LogTime(ms + 5), Definition: "abc", Owner: "one"}
	high := owner.Checkpoint{Partition: 1, Cut: 11, Watermark: ms, FreshAt: ms + 8, Log: event.LogTime(ms + 6),
		Topic: logid.ID{Cluster: "k'1", Topic: "ratings", TopicID: "00ff"}, Last: logid.Mark{Known: true, Offset: 9, Sum: 1<<32 - 1}, Definition: "abc", Owner: "two"}
	later := owner.Checkpoint{Partition: 2, Cut: 5, Watermark: ms + 300_000, FreshAt: ms + 9, Definition: "abc", Owner: "one"}
	earlier := owner.Checkpoint{Partition: 2, Cut: 5, Watermark: ms, FreshAt: ms + 9, Definition: "abc", Owner: "two"}
	s.checkpoint(high, later)
	s.checkpoint(low, earlier)
	want := map[int32]owner.Checkpoint{1: high, 2: later}
	if got, err := s.Checkpoints(t.Context(), []int32{1, 2, 3}); err != nil || !maps.Equal(got, want) {
		t.Errorf("checkpoints %+v, %v\nwant %+v", got, err, want)
	}
	if got, err := s.Checkpoints(t.Context(), []int32{3}); err != nil || len(got) != 0 {
		t.Errorf("checkpoints of another partition: %+v, %v", got, err)
	}
}

func repeated(t *testing.T, s *subject) {
	ctx := t.Context()
	f, p := full("a", 5), sumsRow(basePane, overall, 10, 2)
	w := []owner.WindowRow{{Partition: 1, Window: "1h", End: basePane + 1, Key: overall, Version: 10, Sums: p.Sums}}
	d := []owner.DeadLetter{{Partition: 1, Offset: 7, Timestamp: 1, Arrived: 1_795_132_800_001, Reason: "bad_json", Detail: "no JSON", Key: []byte("k"), Value: []byte("{\n\n"),
		Headers: []owner.Header{{Key: "h", Value: []byte{0, 255}}}}}
	for range 3 {
		s.facts(f)
		s.panes(p)
		s.ok(s.InsertWindows(ctx, w))
		s.ok(s.InsertDeadLetters(ctx, d))
	}
	s.wantFacts(1, []window.Pane{basePane}, f)
	s.wantSums(1, basePane, basePane+1, nil, p)
	for from, want := range map[int64]map[int64]owner.Arrival{7: {7: {At: d[0].Arrived, Reason: "bad_json"}}, 8: {}} {
		got := map[int64]owner.Arrival{}
		s.ok(s.Arrivals(ctx, 1, from, func(offset int64, a owner.Arrival) { got[offset] = a }))
		if !maps.Equal(got, want) {
			t.Errorf("arrivals from offset %d on: %v, want %v", from, got, want)
		}
	}
}

func torn(_ *testing.T, s *subject) {
	var facts []fact.Fact
	var panes []owner.PaneRow
	for i := range 500 {
		facts = append(facts, rating(fmt.Sprint("r", i), basePane, 0, int64(i)))
		panes = append(panes, sumsRow(basePane, window.Key{Dimension: window.Product, Value: fmt.Sprint("p", i)}, 10, int64(i)))
	}
	s.facts(facts[:100]...) // what is left of an insert that was cut off
	s.panes(panes[200:]...)
	s.facts(facts...)
	s.panes(panes...)
	s.wantFacts(1, []window.Pane{basePane}, facts...)
	s.wantSums(1, basePane, basePane+1, nil, panes...)
}

func manyMonths(_ *testing.T, s *subject) {
	var facts []fact.Fact
	var panes []window.Pane
	var rows []owner.PaneRow
	for i := range window.Pane(102) {
		pane := basePane - i*8_928 // 31 days
		facts = append(facts, rating("a", pane, 0, int64(i)))
		panes = append(panes, pane)
		if i%20 == 0 {
			rows = append(rows, sumsRow(pane, overall, 1, 1))
		}
	}
	s.facts(facts...)
	s.panes(rows...)
	s.wantFacts(1, panes[:20], facts[:20]...) // older ones may have expired
	s.wantSums(1, 0, basePane+1, nil, rows...)
}

func copied(_ *testing.T, s *subject) {
	buf := []byte("a")
	f := rating(string(buf), basePane, 0, 1)
	f.Event.Attributes = []event.Pair{{Key: "region", Value: "north"}}
	rows := []fact.Fact{f}
	s.facts(rows...)
	rows[0].Event.Attributes[0].Value = "south"
	want := rating("a", basePane, 0, 1)
	want.Event.Attributes = []event.Pair{{Key: "region", Value: "north"}}
	s.wantFacts(1, []window.Pane{basePane}, want)
}
