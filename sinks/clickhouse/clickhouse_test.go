package clickhouse

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

// now is the clock of the tests that need one.
var now = time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)

// migrated returns a connection to a database of the test's own with the whole schema.
func migrated(t testing.TB) driver.Conn {
	t.Helper()
	conn := testkit.ClickHouse(t).Open()
	if _, err := Migrate(t.Context(), conn, MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return conn
}

// opened returns store and sink of epoch 1 of the definition, in a database of the test's own.
func opened(t testing.TB, def *window.Definition) (*Store, *Sink) {
	t.Helper()
	conn := migrated(t)
	if _, err := EnsureEpoch(t.Context(), conn, def, now); err != nil {
		t.Fatal(err)
	}
	return NewStore(conn, 1, def), NewSink(conn, 1, def)
}

func exec(t testing.TB, conn driver.Conn, query string) {
	t.Helper()
	if err := conn.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestClickHouseKeepsTheContract(t *testing.T) {
	sinktest.Run(t, func(t *testing.T) (owner.Store, owner.Sink) {
		def := sinktest.Definition()
		return opened(t, &def)
	})
}

func TestClickHouseKeepsTheContractByTheClientsBatches(t *testing.T) {
	// The native protocol, which the engine does not serve, is sent batches.
	sinktest.Run(t, func(t *testing.T) (owner.Store, owner.Sink) {
		def := sinktest.Definition()
		store, sink := opened(t, &def)
		sink.useBatches()
		return store, sink
	})
}

func (s *Sink) useBatches() {
	s.facts.batches, s.panes.batches, s.windows.batches, s.deadLetters.batches, s.checkpoints.batches = true, true, true, true, true
}
