package testkit

import (
	"context"
	"testing"
)

func TestAPrivateEngineKeepsItsRows(t *testing.T) {
	e := StartClickHouse(t, EngineOptions{})
	dsn := e.DSN("default")
	conn := e.Open()
	mustExec(t, conn.Exec, "CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n")
	mustExec(t, conn.Exec, "INSERT INTO kept VALUES (1)")
	e.Kill()
	e.Start()
	mustExec(t, conn.Exec, "INSERT INTO kept VALUES (2)")
	e.Stop()
	e.Start()
	var sum uint64
	if err := conn.QueryRow(t.Context(), "SELECT sum(n) FROM kept").Scan(&sum); err != nil {
		t.Fatal(err)
	}
	if sum != 3 || e.DSN("default") != dsn {
		t.Errorf("got sum %d and a DSN that changed: %v, want 3 and the same DSN", sum, e.DSN("default") != dsn)
	}
	assertSilentWhilePaused(t, e.Pause, e.Resume, conn.Ping)
}

func mustExec(t *testing.T, exec func(context.Context, string, ...any) error, sql string) {
	t.Helper()
	if err := exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
