package engine_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
)

// What an insert acknowledged is there after kill -9, and nothing is there in part.
func TestNothingAcknowledgedIsLostByKill9(t *testing.T) {
	const rounds, writers, rowsPerInsert = 2, 3, 1000
	e := testkit.StartClickHouse(t, testkit.EngineOptions{})
	conn := e.Open()
	mustExec(t, conn, "CREATE TABLE log (batch UInt64, n UInt64) ENGINE = MergeTree ORDER BY (batch, n)")
	var next atomic.Uint64
	var acknowledged []uint64
	for range rounds {
		before := len(acknowledged)
		acknowledged = append(acknowledged, insertUntilKilled(t, e, conn, &next, writers, rowsPerInsert)...)
		if len(acknowledged) == before {
			t.Fatal("nothing was acknowledged before the kill: this tests nothing")
		}
		start := time.Now()
		e.Start()
		t.Logf("killed after %d acknowledged inserts, serving again after %s", len(acknowledged), time.Since(start).Round(time.Millisecond))
		assertBatches(t, conn, acknowledged, rowsPerInsert)
	}
}

// insertUntilKilled inserts from several goroutines, kills the engine amid that, and returns what was acknowledged.
func insertUntilKilled(t *testing.T, e *testkit.Engine, conn driver.Conn, next *atomic.Uint64, writers, rows int) []uint64 {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	var acknowledged []uint64
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range writers {
		group.Go(func() {
			for {
				batch := next.Add(1)
				if insertBatch(ctx, conn, batch, rows) != nil {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, batch)
				mu.Unlock()
			}
		})
	}
	time.Sleep(time.Second)
	e.Kill()
	group.Wait()
	return acknowledged
}

func insertBatch(ctx context.Context, conn driver.Conn, id uint64, rows int) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO log (batch, n)")
	if err != nil {
		return err
	}
	for n := range rows {
		if err := batch.Append(id, uint64(n)); err != nil {
			return err
		}
	}
	return batch.Send()
}

func assertBatches(t *testing.T, conn driver.Conn, acknowledged []uint64, rows int) {
	t.Helper()
	found := map[uint64]uint64{}
	result, err := conn.Query(t.Context(), "SELECT batch, count() FROM log GROUP BY batch")
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	for result.Next() {
		var batch, count uint64
		if err := result.Scan(&batch, &count); err != nil {
			t.Fatal(err)
		}
		if count != uint64(rows) {
			t.Errorf("batch %d has %d rows, want %d or none", batch, count, rows)
		}
		found[batch] = count
	}
	for _, batch := range acknowledged {
		if found[batch] == 0 {
			t.Errorf("batch %d was acknowledged and is lost", batch)
		}
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAStatementThatRunsDoesNotHoldUpTheEnd(t *testing.T) {
	e := testkit.StartClickHouse(t, testkit.EngineOptions{})
	conn := e.Open()
	ended := make(chan error, 1)
	go func() {
		ended <- conn.QueryRow(context.Background(), "SELECT count() FROM numbers(1000000000000) WHERE number % 7 = 3").Err()
	}()
	running := "SELECT count() FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%system.processes%'"
	for deadline := time.Now().Add(5 * time.Second); scan[uint64](t, conn, running) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the statement does not run")
		}
	}
	start := time.Now()
	e.Stop()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the engine took %s to end, want at most 3 s", took)
	}
	if err := <-ended; err == nil {
		t.Error("a statement that takes hours returned")
	}
}
