package sinktest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// Definition is the definition that the stores under test are made with: the defaults, two declared attributes and one
// declared quality metric.
func Definition() window.Definition {
	windows := window.DefaultWindows()
	return window.Definition{
		Windows: windows, Pane: window.PaneOf(windows), Bands: window.DefaultBands(),
		Dimensions: append(window.BuiltinDimensions(), "industry", "region"),
		Quality:    []string{"response_time_ms", "accuracy", "completeness", "effort"},
		Partitions: 4,
	}
}

// Run checks the contract of owner.Store and owner.Sink. Each call of newStore returns an empty store of one epoch of
// Definition, and the sink whose rows it reads.
func Run(t *testing.T, newStore func(t *testing.T) (owner.Store, owner.Sink)) {
	t.Helper()
	for _, c := range []struct {
		name  string
		check func(t *testing.T, s *subject)
	}{
		{"an empty store has no rows", empty},
		{"calls without rows do nothing", noRows},
		{"every field that a page-in needs comes back", fields},
		{"strings with any character come back", anyCharacter},
		{"of a fact's versions the highest stands, in either order of inserts", factVersions},
		{"of equal versions of a fact the one inserted last stands", factEqualVersions},
		{"of versions in one insert the highest stands, of equal ones the last", factsOfOneInsert},
		{"an erased fact is paged in as erased", erased},
		{"the same rating id in two panes or partitions is two facts", factIdentity},
		{"of a pane's versions the highest stands, in either order of inserts", paneVersions},
		{"of equal versions of a pane the one inserted last stands", paneEqualVersions},
		{"zeros are kept and replace what was", zeros},
		{"pane sums are filtered by partition, range and keys", paneFilters},
		{"every sum of a pane comes back", allSums},
		{"known panes are those of facts and those of pane rows", knownPanes},
		{"only the panes asked for are paged in", pageFilters},
		{"many panes are paged in by one call", manyPanes},
		{"of a checkpoint's rows the highest version stands, as a whole", checkpoints},
		{"repeated inserts change nothing", repeated},
		{"a torn insert is whole after its repetition", torn},
		{"an insert over many months is stored", manyMonths},
		{"rows are copied", copied},
		{"a canceled context is an error", canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, sink := newStore(t)
			c.check(t, &subject{t: t, Store: store, Sink: sink})
		})
	}
}

// subject is the store under test; its methods fail the test instead of returning an error.
type subject struct {
	t *testing.T
	owner.Store
	owner.Sink
}

func (s *subject) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *subject) facts(rows ...fact.Fact) {
	s.t.Helper()
	s.ok(s.InsertFacts(s.t.Context(), rows))
}

func (s *subject) panes(rows ...owner.PaneRow) {
	s.t.Helper()
	s.ok(s.InsertPanes(s.t.Context(), rows))
}

func (s *subject) checkpoint(rows ...owner.Checkpoint) {
	s.t.Helper()
	s.ok(s.InsertCheckpoints(s.t.Context(), rows))
}

// paged is a fact as PageFacts yields it.
type paged struct {
	Pane    window.Pane
	Version uint64
	Event   string // printed, so that it can be compared
}

func print(e *event.Event) string {
	if len(e.Attributes) == 0 {
		e.Attributes = nil
	}
	return fmt.Sprintf("%+v", *e)
}

func (s *subject) page(partition int32, panes ...window.Pane) map[string]paged {
	s.t.Helper()
	found := map[string]paged{}
	s.ok(s.PageFacts(s.t.Context(), partition, panes, func(p window.Pane, e *event.Event, version uint64) {
		key := fmt.Sprintf("%s@%d", e.RatingID, p)
		if _, twice := found[key]; twice {
			s.t.Errorf("fact %s came twice", key)
		}
		e2 := cloneEvent(e)
		found[key] = paged{p, version, print(&e2)}
	}))
	return found
}

func (s *subject) wantFacts(partition int32, panes []window.Pane, want ...fact.Fact) {
	s.t.Helper()
	expected := map[string]paged{}
	for i := range want {
		e := Paged(&want[i].Event)
		expected[fmt.Sprintf("%s@%d", e.RatingID, want[i].Pane)] = paged{want[i].Pane, want[i].Version, print(&e)}
	}
	if got := s.page(partition, panes...); !maps.Equal(got, expected) {
		s.t.Errorf("facts of partition %d, panes %v:\n got %+v\nwant %+v", partition, panes, got, expected)
	}
}

// at is the place of a pane row within a partition.
type at struct {
	Pane window.Pane
	Key  window.Key
}

func (s *subject) sums(partition int32, from, to window.Pane, keys []window.Key) map[at]window.Sums {
	s.t.Helper()
	found := map[at]window.Sums{}
	s.ok(s.PaneSums(s.t.Context(), partition, from, to, keys, func(p window.Pane, k window.Key, sums *window.Sums) {
		place := at{p, cloneKey(k)}
		if _, twice := found[place]; twice {
			s.t.Errorf("pane row %+v came twice", place)
		}
		found[place] = *sums
	}))
	return found
}

func (s *subject) wantSums(partition int32, from, to window.Pane, keys []window.Key, want ...owner.PaneRow) {
	s.t.Helper()
	expected := map[at]window.Sums{}
	for _, r := range want {
		expected[at{r.Pane, r.Key}] = r.Sums
	}
	if got := s.sums(partition, from, to, keys); !maps.Equal(got, expected) {
		s.t.Errorf("pane sums of partition %d, %d to %d, keys %v:\n got %+v\nwant %+v", partition, from, to, keys, got, expected)
	}
}

func (s *subject) known(partition int32) []window.Pane {
	s.t.Helper()
	found := map[window.Pane]bool{}
	s.ok(s.KnownPanes(s.t.Context(), partition, func(p window.Pane) { found[p] = true }))
	return slices.Sorted(maps.Keys(found))
}

func (s *subject) keys(partition int32, panes ...window.Pane) map[at]bool {
	s.t.Helper()
	found := map[at]bool{}
	s.ok(s.PageKeys(s.t.Context(), partition, panes, func(p window.Pane, k window.Key) { found[at{p, cloneKey(k)}] = true }))
	return found
}

// basePane is a pane in November 2026.
var basePane = window.Pane(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).Unix() / 300)

var (
	overall  = window.Key{Dimension: window.Overall}
	service  = window.Key{Dimension: window.Service, Value: "data_analysis"}
	staffKey = window.Key{Dimension: window.Staff, Value: "data_analysis"}
)

// rating returns a fact of partition 1 with every field set that depends on the offset alone.
func rating(id string, pane window.Pane, revision uint32, offset int64) fact.Fact {
	e := event.Event{
		RatingID: id, Revision: revision, OccurredAt: int64(pane)*300_000 + 1234, CustomerID: "customer-7",
		Service: "data_analysis", Rating: int32(100 + offset%401), Quality: event.NoQuality(),
	}
	return fact.New(&e, 1, offset, e.OccurredAt+99, pane)
}

func sumsRow(pane window.Pane, key window.Key, version, n int64) owner.PaneRow {
	return owner.PaneRow{Partition: 1, Pane: pane, Key: key, Version: version, Sums: window.Sums{Ratings: n, Satisfied: n, Sum: 450 * n, Stars: [5]int64{4: n}}}
}

func canceled(t *testing.T, s *subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.InsertFacts(ctx, []fact.Fact{rating("a", basePane, 0, 1)}); err == nil {
		t.Error("InsertFacts under a canceled context returned no error")
	}
	if _, err := s.Checkpoints(ctx, []int32{1}); err == nil {
		t.Error("Checkpoints under a canceled context returned no error")
	}
}
