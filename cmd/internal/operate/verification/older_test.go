package verification_test

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/operate/verification"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// results keeps what a loop has found.
type results struct{ differences []uint64 }

func (r *results) Verified(differences, _ uint64, _ time.Time) {
	r.differences = append(r.differences, differences)
}
func (r *results) Forget() {}

func TestADifferenceInAnOlderMonthIsFoundWhenItsTurnComes(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	def := window.Definition{Bands: window.DefaultBands(), Dimensions: []string{window.Overall}, Partitions: 1, Windows: []window.Spec{{Name: "1h", Length: time.Hour, Slide: 15 * time.Minute}}}
	def.Pane = window.PaneOf(def.Windows)
	now := time.Now()
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	grid, sink := def.Grid(), clickhouse.NewSink(conn, 1, &def)
	var panes []owner.PaneRow
	for _, months := range []int{3, 5} { // the sums of one month are of no rating, those of another are zero
		panes = append(panes, owner.PaneRow{Pane: grid.PaneOf(now.AddDate(0, -months, 0).UnixMilli()), Key: window.Key{Dimension: window.Overall}, Version: 1, Sums: window.Sums{Ratings: int64(5 - months)}})
	}
	if err := sink.InsertPanes(t.Context(), panes); err != nil {
		t.Fatal(err)
	}
	if err := sink.InsertCheckpoints(t.Context(), []owner.Checkpoint{{Cut: 10, Watermark: now.UnixMilli(), Definition: def.Hash()}}); err != nil {
		t.Fatal(err)
	}
	var found results
	clock := now
	loop := verification.New(verification.DefaultConfig(), verification.Parts{Conn: conn, Epoch: 1, Owns: func() bool { return true }, Metrics: &found, Now: func() time.Time { return clock }, Log: zerolog.Nop()})
	for range 2 {
		if err := loop.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Hour)
	}
	if len(found.differences) != 2 || found.differences[0]+found.differences[1] != 1 {
		t.Errorf("differences of two turns: %v; want one, in the turn of its month", found.differences)
	}
}
