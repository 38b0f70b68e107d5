package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"satisflow/sinks/clickhouse/engine"
	"satisflow/sinks/clickhouse/engine/filelock"
)

// ClickHouseConfig says how to start the embedded engine.
type ClickHouseConfig struct {
	// Port on 127.0.0.1; 0 picks a free one.
	Port int
	// Command is the program and its arguments that call engine.Child.
	Command []string
	// Progress receives the progress of fetching the engine, and Stderr what the engine itself writes.
	Progress, Stderr io.Writer
}

// StartClickHouse fetches the engine if it is not there and starts it with its data in dir.
func StartClickHouse(ctx context.Context, dir *Dir, cfg ClickHouseConfig) (*engine.Process, error) {
	library, err := engine.Library(ctx, engine.LibraryConfig{Progress: cfg.Progress})
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(cfg.Port))
	if err := awaitFree(ctx, dir, address); err != nil {
		return nil, fmt.Errorf("start the embedded ClickHouse: %w", err)
	}
	serve := engine.DefaultConfig()
	serve.Library, serve.Dir, serve.Listen, serve.Token = library, dir.Path("clickhouse"), address, dir.Token()
	process, err := engine.Start(ctx, engine.StartConfig{Config: serve, Path: cfg.Command[0], Args: cfg.Command[1:], Stderr: cfg.Stderr})
	if err != nil {
		return nil, fmt.Errorf("start the embedded ClickHouse: %w", Explain(err, dir.path))
	}
	return process, nil
}

// awaitFree waits for the port and the data of an engine that a killed process left, and finds a port in use before the
// child does.
func awaitFree(ctx context.Context, dir *Dir, address string) error {
	listener, err := Listen(ctx, address, "--clickhouse-port")
	if err != nil {
		return err
	}
	if err := listener.Close(); err != nil {
		return fmt.Errorf("try %s: %w", address, err)
	}
	if err := os.MkdirAll(dir.Path("clickhouse"), 0o700); err != nil {
		return Explain(err, dir.path)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	lock, err := filelock.Acquire(ctx, dir.Path("clickhouse", "lock"))
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("another engine has the data in %s: end it: %w", dir.Path("clickhouse"), err)
	}
	if err != nil {
		return err
	}
	return lock.Release()
}
