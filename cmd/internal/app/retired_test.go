package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

func TestAProcessorEndsWhenItsEpochWasReplaced(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	def := window.Definition{Bands: window.DefaultBands(), Dimensions: []string{window.Overall}, Partitions: 1, Windows: window.DefaultWindows()}
	def.Pane = window.PaneOf(def.Windows)
	for n, state := range map[uint32]clickhouse.EpochState{1: clickhouse.Current, 2: clickhouse.Building} {
		if err := clickhouse.PutEpoch(t.Context(), conn, clickhouse.Epoch{Number: n, State: state, Definition: def}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for _, number := range []uint32{1, 2} {
		if err := retired(t.Context(), conn, number); err != nil {
			t.Errorf("epoch %d, before the switch: %v", number, err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- retiredPart(conn, 1).run(t.Context()) }()
	if err := clickhouse.SwitchEpoch(t.Context(), conn, 2, time.Now()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "epoch 1 is retired, readers follow epoch 2") {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it goes on")
	}
	if err := retired(t.Context(), conn, 2); err != nil {
		t.Errorf("the new epoch: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := retired(gone, conn, 1); err != nil {
		t.Errorf("while ClickHouse does not answer: %v", err)
	}
}
