package clickhouse

import (
	"fmt"
	"testing"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

func TestInsertsOfManyChunksKeepEveryValue(t *testing.T) {
	for name, prepare := range map[string]func(*Sink){"encoded": func(*Sink) {}, "by batches": (*Sink).useBatches} {
		t.Run(name, func(t *testing.T) {
			def := sinktest.Definition()
			store, sink := opened(t, &def)
			prepare(sink)
			pane := store.grid.PaneOf(now.UnixMilli())
			for from, n := range map[int]int{0: 17, 17: 2*chunk + 100, 2*chunk + 117: 5} { // in any order
				insertNumbered(t, sink, pane, from, n)
			}
			checkNumbered(t, store, pane, 2*chunk+122)
		})
	}
}

// insertNumbered inserts rows whose values depend on their number.
func insertNumbered(t *testing.T, sink *Sink, pane window.Pane, from, n int) {
	t.Helper()
	var facts []fact.Fact
	var panes []owner.PaneRow
	for i := from; i < from+n; i++ {
		e := event.Event{RatingID: fmt.Sprint(i), OccurredAt: now.UnixMilli(), CustomerID: "c", Service: fmt.Sprint("s", i), Quality: event.NoQuality()}
		e.Quality[3] = int64(i)
		if i%3 == 0 {
			e.Attributes = []event.Pair{{Key: "region", Value: fmt.Sprint("r", i)}}
		}
		facts = append(facts, fact.New(&e, 1, int64(i), 0, pane))
		sums := window.Sums{Ratings: int64(i)}
		sums.Quality[3] = window.QualitySum{Sum: int64(-i), N: int64(i + 1)}
		panes = append(panes, owner.PaneRow{Partition: 1, Pane: pane, Key: window.Key{Dimension: "product", Value: fmt.Sprint(i)}, Version: 1, Sums: sums})
	}
	if err := sink.InsertFacts(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	if err := sink.InsertPanes(t.Context(), panes); err != nil {
		t.Fatal(err)
	}
}

func checkNumbered(t *testing.T, store *Store, pane window.Pane, want int) {
	t.Helper()
	facts, panes, wrong := 0, 0, 0
	err := store.PageFacts(t.Context(), 1, []window.Pane{pane}, func(_ window.Pane, e *event.Event, version uint64) {
		i := int64(version) - 1
		facts++
		region := ""
		if len(e.Attributes) == 1 {
			region = e.Attributes[0].Value
		}
		if e.RatingID != fmt.Sprint(i) || e.Service != fmt.Sprint("s", i) || e.Quality[3] != i || (region != "") != (i%3 == 0) || region != "" && region != fmt.Sprint("r", i) {
			wrong++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	err = store.PaneSums(t.Context(), 1, pane, pane+1, nil, func(_ window.Pane, key window.Key, s *window.Sums) {
		i := s.Ratings
		panes++
		if key.Value != fmt.Sprint(i) || s.Quality[3] != (window.QualitySum{Sum: -i, N: i + 1}) {
			wrong++
		}
	})
	if err != nil || facts != want || panes != want || wrong > 0 {
		t.Errorf("%d facts, %d panes, %d of them wrong, %v; want %d of each, all right", facts, panes, wrong, err, want)
	}
}
