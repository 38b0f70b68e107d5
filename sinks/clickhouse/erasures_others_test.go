package clickhouse

import (
	"testing"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/sinks/sinktest"
)

// beside registers epoch 2 as being built and gives it the facts of epoch 1 as they were before any was erased.
func beside(t *testing.T, s *Erasures, facts []fact.Fact) *Sink {
	t.Helper()
	def := sinktest.Definition()
	if _, err := BeginEpoch(t.Context(), s.conn, Epoch{Number: 2, Definition: def}, now); err != nil {
		t.Fatal(err)
	}
	sink := NewSink(s.conn, 2, &def)
	var live []fact.Fact
	for _, f := range facts {
		if f.Event.Op == event.Put {
			f.Event.Answers = []event.Answer{{Question: "q", Value: "marker-4e1f"}}
			live = append(live, f)
		}
	}
	if err := sink.InsertFacts(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	return sink
}

func TestTheTextOfErasedRatingsGoesFromAnEpochThatNobodyWorksOnAndTheirSumsStayUntilTheEventComes(t *testing.T) {
	s, facts := erasable(t)
	ctx := t.Context()
	sink := beside(t, s, facts)
	if n, err := s.BlankOthers(ctx); err != nil || n != 1 {
		t.Fatalf("%d ratings, %v; want r0", n, err)
	}
	var texts, answers, counting, all uint64
	row := s.conn.QueryRow(ctx, `SELECT countIf(comment = 'marker-4e1f'), countIf(answers['q'] = 'marker-4e1f'), countIf(NOT erased AND rating_hundredths = 400), count()
FROM enterprise_customer_satisfaction WHERE epoch = 2`) // without FINAL: in every active part
	if err := row.Scan(&texts, &answers, &counting, &all); err != nil || texts != 3 || answers != 3 || counting != 4 || all != 4 {
		t.Errorf("%d texts, %d answers, %d ratings that count, of %d, %v; want 3, 3 and all of 4", texts, answers, counting, all, err)
	}
	if n, err := s.BlankOthers(ctx); err != nil || n != 0 {
		t.Errorf("again: %d ratings, %v", n, err)
	}
	if n, err := NotErased(ctx, s.conn, 1, 2); err != nil || n != 1 {
		t.Errorf("%d ratings are not erased, %v; want r0", n, err)
	}
	if err := sink.InsertFacts(ctx, facts[4:]); err != nil { // as the event has it written
		t.Fatal(err)
	}
	if n, err := NotErased(ctx, s.conn, 1, 2); err != nil || n != 0 {
		t.Errorf("after the event %d ratings are not erased, %v", n, err)
	}
}

func TestARatingOfWhichOnlyTheLesserPlaceIsErasedKeepsItsTextElsewhere(t *testing.T) {
	s, facts := erasable(t)
	beside(t, s, facts)
	def := sinktest.Definition()
	for _, change := range []func(e *event.Event) int32{
		func(e *event.Event) int32 { return 3 },                         // another partition
		func(e *event.Event) int32 { e.OccurredAt += 60_000; return 1 }, // another time
		func(e *event.Event) int32 { e.CustomerID = "other"; return 1 }, // another customer
	} {
		lesser := facts[1].Event
		lesser.Op = event.Erase
		partition := change(&lesser)
		grid := def.Grid()
		f := fact.New(&lesser, partition, 20, lesser.OccurredAt, grid.PaneOf(lesser.OccurredAt))
		if err := NewSink(s.conn, 1, &def).InsertFacts(t.Context(), []fact.Fact{f}); err != nil {
			t.Fatal(err)
		}
		if lesser.CustomerID == "other" { // the same key replaces: put the greater place back in
			again := facts[1]
			again.Partition = 2
			if err := NewSink(s.conn, 1, &def).InsertFacts(t.Context(), []fact.Fact{again}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := s.BlankOthers(t.Context()); err != nil || n != 1 {
		t.Errorf("%d ratings, %v; want r0 alone", n, err)
	}
	if n, err := NotErased(t.Context(), s.conn, 1, 2); err != nil || n != 1 {
		t.Errorf("%d ratings are not erased, %v; want r0 alone", n, err)
	}
}
