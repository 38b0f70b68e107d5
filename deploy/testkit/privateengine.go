package testkit

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit/realkafka"
	"satisflow/sinks/clickhouse/engine"
)

// EngineOptions are what a private engine has of its own.
type EngineOptions struct {
	// Dir is the engine's data folder; empty means a temporary one of the test.
	Dir string
}

// Engine is a private ClickHouse, to be killed and started again on the same address and data.
type Engine struct {
	t       testing.TB
	cfg     engine.Config
	process *engine.Process
}

// StartClickHouse starts an engine of the test's own; it ends with the test.
func StartClickHouse(t testing.TB, options EngineOptions) *Engine {
	t.Helper()
	library := EngineLibrary(t)
	if options.Dir == "" {
		options.Dir = filepath.Join(t.TempDir(), "clickhouse")
	}
	port, err := realkafka.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{t: t, cfg: engineConfig(library, options.Dir, fmt.Sprintf("127.0.0.1:%d", port))}
	e.Start()
	t.Cleanup(e.Kill)
	return e
}

// Start starts the engine again, after Stop or Kill, and returns when it serves.
func (e *Engine) Start() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	process, err := startEngine(ctx, e.cfg, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	e.process = process
}

// DSN is how clickhouse-go reaches a database of the engine; the same after every Start.
func (e *Engine) DSN(database string) string { return e.process.DSN(database) }

// Open returns connections to the database "default", closed at the test's end.
func (e *Engine) Open() driver.Conn {
	e.t.Helper()
	return OpenClickHouse(e.t, e.DSN("default"))
}

// Database creates a database in the engine and drops it at the test's end, when the engine must be running.
func (e *Engine) Database() *ClickHouseDB {
	e.t.Helper()
	return createDatabase(e.t, e.process.Address(), e.cfg.Token)
}

// Kill ends the engine by SIGKILL; one that has ended already is left.
func (e *Engine) Kill() {
	e.t.Helper()
	e.check(e.process.Kill())
}

// Stop ends the engine in order.
func (e *Engine) Stop() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	e.check(e.process.Stop(ctx))
}

// Pause stops the engine in its tracks, with its connections open, until Resume.
func (e *Engine) Pause() {
	e.t.Helper()
	e.check(e.process.Signal(syscall.SIGSTOP))
}

// Resume lets a paused engine go on.
func (e *Engine) Resume() {
	e.t.Helper()
	e.check(e.process.Signal(syscall.SIGCONT))
}

// PID is the process id of the engine.
func (e *Engine) PID() int { return e.process.PID() }

func (e *Engine) check(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Errorf("private ClickHouse: %v", err)
	}
}
