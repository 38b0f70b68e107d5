package acceptance

import (
	"errors"
	"testing"
	"time"

	"satisflow/cmd/internal/operate/rebuild"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/sinks/clickhouse"
)

func TestAnErasureReachesAnEpochThatNobodyWorksOn(t *testing.T) {
	s := newStack(t, 2)
	s.pipeline("one")
	if err := s.producer.Produce(t.Context(), spoken(200, time.Now())...); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	from, err := clickhouse.EpochNumber(t.Context(), s.conn, 1)
	if err != nil {
		t.Fatal(err)
	}
	to, err := clickhouse.BeginEpoch(t.Context(), s.conn, clickhouse.Epoch{Number: 2, Definition: *s.def}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	parts := (&rebuilding{stack: s}).parts(s.topic)
	if err := rebuild.FromFacts(t.Context(), parts, &from, &to, false, func(rebuild.Progress) {}); err != nil {
		t.Fatal(err)
	}
	// A rating that other rules of admission have let in, so that only the new epoch has it.
	grid, at := s.def.Grid(), time.Now().UnixMilli()
	only := event.Event{RatingID: "only", CustomerID: "c-7", Service: "data_analysis", OccurredAt: at, Rating: 400, Comment: marker, Quality: event.NoQuality()}
	if err := clickhouse.NewSink(s.conn, 2, s.def).InsertFacts(t.Context(), []fact.Fact{fact.New(&only, 1, 5, at, grid.PaneOf(at))}); err != nil {
		t.Fatal(err)
	}
	entry := s.erase(s.eraser(nil), erasure.Request{Kind: erasure.KindCustomer, IDs: []string{"c-7"}, By: "test"})
	if entry.Ratings != 11 || entry.DeadLetters != 2 {
		t.Errorf("the audit has %+v, want 10 ratings of the current epoch and one of the other, and a dead letter with its copy there", entry)
	}
	if found := s.texts(marker); len(found) > 0 {
		t.Errorf("the text still stands in %v", found)
	}
	if n, err := clickhouse.NotErased(t.Context(), s.conn, 1, 2); err != nil || n != 11 {
		t.Errorf("%d ratings wait for their erasure in the new epoch, %v; want 11", n, err)
	}
	if _, err := rebuild.Switch(t.Context(), s.conn, 2, rebuild.SwitchOptions{Force: true, Missing: 1 << 40}, time.Now()); !errors.Is(err, rebuild.ErrRefused) {
		t.Errorf("switch: %v", err)
	}
	(&rebuilding{stack: s}).process(to, s.topic)
	if _, err := rebuild.Switch(t.Context(), s.conn, 2, rebuild.SwitchOptions{}, time.Now()); err != nil {
		t.Error(err)
	}
	if n := s.ratingsOf("c-7"); n != 0 {
		t.Errorf("%d ratings of the customer after the switch", n)
	}
	r, err := clickhouse.Verify(t.Context(), s.conn, 2, clickhouse.DefaultVerifyOptions(time.Now()))
	if err != nil || r.Differing > 0 || r.PaneRows == 0 {
		t.Errorf("verify: %+v, %v", r, err)
	}
}
