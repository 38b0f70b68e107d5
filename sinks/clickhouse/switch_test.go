package clickhouse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

func TestEveryChangeOfADefinitionIsRefusedWithTheWayToDoIt(t *testing.T) {
	conn := migrated(t)
	def := sinktest.Definition()
	if _, err := EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(d *window.Definition){
		"satisfied began at 4.00, now 4.20": func(d *window.Definition) { d.Bands.Satisfied = 420 },
		"windows were":                      func(d *window.Definition) { d.Windows = slices.Clone(d.Windows[:2]); d.Pane = window.PaneOf(d.Windows) },
		"dimension store is new":            func(d *window.Definition) { d.Dimensions = append(slices.Clone(d.Dimensions), "store") },
		"partitions were 4, now 8":          func(d *window.Definition) { d.Partitions = 8 },
	} {
		other := sinktest.Definition()
		change(&other)
		_, err := EnsureEpoch(t.Context(), conn, &other, now)
		if !IsPermanent(err) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "fill a new epoch with `satisflow rebuild --epoch 2`") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// filled gives the epoch a checkpoint of every partition.
func filled(t *testing.T, conn driver.Conn, e Epoch) {
	t.Helper()
	var rows []owner.Checkpoint
	for p := range e.Definition.Partitions {
		rows = append(rows, owner.Checkpoint{Partition: int32(p), Cut: 1, Watermark: now.UnixMilli(), Definition: e.Definition.Hash()})
	}
	if err := NewSink(conn, e.Number, &e.Definition).InsertCheckpoints(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

func TestAProcessorWorksOnTheEpochOfItsDefinitionOnceItIsFilled(t *testing.T) {
	conn := migrated(t)
	ctx := t.Context()
	def, other := sinktest.Definition(), sinktest.Definition()
	other.Bands.Satisfied = 420
	if _, err := EnsureEpoch(ctx, conn, &def, now); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error, want string) {
		t.Helper()
		if !IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	e, err := BeginEpoch(ctx, conn, Epoch{Number: 2, Definition: other}, now)
	if err != nil || e.State != Building {
		t.Fatalf("%+v, %v", e, err)
	}
	_, err = EnsureEpoch(ctx, conn, &other, now)
	refused("not filled", err, "epoch 2 has this configuration and is not filled yet")
	_, err = UseEpoch(ctx, conn, 2, &other)
	refused("not filled, by its number", err, "is not filled yet")
	_, err = UseEpoch(ctx, conn, 2, &def)
	refused("of another definition", err, "satisfied began at 4.20, now 4.00")
	_, err = UseEpoch(ctx, conn, 7, &def)
	refused("unknown", err, "epoch 7 is not registered")
	_, err = BeginEpoch(ctx, conn, Epoch{Number: 2, Definition: def}, now)
	refused("built for another definition", err, "epoch 2 is being built for another configuration")
	_, err = BeginEpoch(ctx, conn, Epoch{Number: 1, Definition: other}, now)
	refused("the current number", err, "a new epoch has a higher number")
	if again, err := BeginEpoch(ctx, conn, Epoch{Number: 2, Definition: other}, now); err != nil || again.Number != 2 {
		t.Errorf("to build on: %+v, %v", again, err)
	}

	filled(t, conn, e)
	if got, err := EnsureEpoch(ctx, conn, &other, now); err != nil || got.Number != 2 {
		t.Errorf("filled: %+v, %v", got, err)
	}
	if got, err := EnsureEpoch(ctx, conn, &def, now); err != nil || got.Number != 1 {
		t.Errorf("the running configuration: %+v, %v", got, err)
	}
	if err := SwitchEpoch(ctx, conn, 2, now.Add(-time.Hour)); err != nil { // by a clock that is behind
		t.Fatal(err)
	}
	epochs, err := Epochs(ctx, conn)
	if err != nil || len(epochs) != 2 || epochs[0].State != Retired || epochs[1].State != Current {
		t.Fatalf("after the switch %+v, %v", epochs, err)
	}
	_, err = UseEpoch(ctx, conn, 1, &def)
	refused("retired before it was filled", err, "is not filled yet")
	filled(t, conn, epochs[0])
	if got, err := UseEpoch(ctx, conn, 1, &def); err != nil || got.State != Retired { // processor.epoch keeps it up, to go back to
		t.Errorf("retired: %+v, %v", got, err)
	}
	_, err = BeginEpoch(ctx, conn, Epoch{Number: 1, Definition: def}, now)
	refused("a retired number", err, "take a number that was never used")
	if err := DropEpoch(ctx, conn, "", 2, now); !IsPermanent(err) {
		t.Errorf("drop the current epoch: %v", err)
	}
}

func TestReadersNeverSeeNoCurrentEpochOrTwo(t *testing.T) {
	conn := migrated(t)
	def := sinktest.Definition()
	if _, err := EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	if _, err := BeginEpoch(t.Context(), conn, Epoch{Number: 2, Definition: def}, now); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for i := range 40 {
			if err := SwitchEpoch(t.Context(), conn, uint32(2-i%2), now); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	seen := map[uint32]int{}
	for {
		var n uint64
		var epoch uint32
		if err := conn.QueryRow(t.Context(), "SELECT count(), max(epoch) FROM pipeline_epochs FINAL WHERE state = 'current'").Scan(&n, &epoch); err != nil {
			t.Fatal(err)
		}
		if n != 1 {
			t.Fatalf("%d epochs are current", n)
		}
		seen[epoch]++
		select {
		case err := <-done:
			if err != nil || len(seen) != 2 {
				t.Fatalf("readers saw epochs %v, %v", seen, err)
			}
			return
		default:
		}
	}
}

func TestFactsAreCopiedWholeAndInOrderOfTime(t *testing.T) {
	f := newFixture(t, fewWindows(), 300, 40, now)
	e, err := EpochNumber(t.Context(), f.conn, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCopier(f.conn, &e, &f.def)
	slices, err := c.Slices(t.Context())
	if err != nil || len(slices) == 0 {
		t.Fatalf("%v, %v", slices, err)
	}
	if len(slices) == 1 { // as with more facts
		middle := (slices[0].From + now.Unix()) / 2
		slices = append(slices, Slice{From: middle, To: slices[0].To})
		slices[0].To = middle
	}
	assertCopied(t, f, c, slices, map[int32]owner.Checkpoint{0: {Cut: 200}, 1: {Cut: 100}, 2: {Cut: 300}})
}

// assertCopied holds what is copied below the cuts against the facts of the fixture.
func assertCopied(t *testing.T, f *fixture, c *Copier, slices []Slice, cuts map[int32]owner.Checkpoint) {
	t.Helper()
	want := map[string]fact.Fact{}
	for _, r := range f.facts {
		if r.Offset < cuts[r.Partition].Cut {
			want[r.Event.RatingID] = r
		}
	}
	last := int64(0)
	for _, s := range slices {
		err := c.Facts(t.Context(), s, cuts, func(got *fact.Fact) error {
			r, ok := want[got.Event.RatingID]
			if delete(want, got.Event.RatingID); !ok {
				t.Errorf("%s: copied twice, or beyond the cut", got.Event.RatingID)
			}
			if got.Event.OccurredAt < last {
				t.Errorf("%s: not in order of time", got.Event.RatingID)
			}
			last = got.Event.OccurredAt
			if g, w := fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", r); g != w {
				t.Errorf("copied\n%s\nwant\n%s", g, w)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d facts were not copied", len(want))
	}
}
