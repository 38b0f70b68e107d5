//go:build linux && !noengine

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// drainTime is how long running statements have at the end before they are killed, and killTime how long they have
// then. Together with the closing of the data folder that stays below 3 s.
const (
	drainTime = 500 * time.Millisecond
	killTime  = 1500 * time.Millisecond
)

// Serve loads the engine into this process, opens the data folder and serves HTTP until ctx ends; then it lets running
// statements end, kills what does not, and closes the data. It returns within 3 s of that. It changes the process
// (working directory, HOME, signals), which should do nothing else and end after it.
func Serve(ctx context.Context, cfg Config) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	dir, err := openDataDir(cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.close()) }()
	lib, err := bind(cfg.Library)
	if err != nil {
		return err
	}
	if err := enter(dir, lib.version()); err != nil {
		return err
	}
	return serveLibrary(ctx, cfg, lib, dir)
}

// enter makes the folder the process's own world, before the engine looks around.
func enter(dir dataDir, version string) error {
	if err := dir.claim(version); err != nil {
		return err
	}
	if err := errors.Join(os.Chdir(dir.work()), os.Setenv("HOME", dir.home())); err != nil {
		return fmt.Errorf("enter clickhouse data folder: %w", err)
	}
	return nil
}

func serveLibrary(ctx context.Context, cfg Config, lib *binding, dir dataDir) error {
	// Without implicit_select=0 the engine takes a misspelled statement for an expression to select.
	args := []string{"--path=" + dir.engine(), "--implicit_select=0"}
	connect := func() (*connection, error) { return lib.open(args) }
	// The data folder is open as long as a connection is.
	keep, err := connect()
	if err != nil {
		return err
	}
	f, err := newFront(cfg, keep, connect)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for clickhouse clients: %w", err)
	}
	if err := f.serveHTTP(ctx, listener, cfg.Ready); err != nil {
		return err
	}
	keep.close()
	return nil
}

func newFront(cfg Config, c *connection, connect func() (*connection, error)) (*front, error) {
	answer, _, err := c.query("SELECT version(), timezone()", "TSV", nil)
	if err != nil {
		return nil, fmt.Errorf("ask clickhouse engine for its version: %w", err)
	}
	version, timezone, _ := strings.Cut(strings.TrimSpace(string(answer)), "\t")
	return &front{
		access: newAccess(cfg.Token), connect: connect, slots: make(chan struct{}, cfg.MaxStatements),
		maxBody: cfg.MaxBodyBytes, version: version, timezone: timezone, log: cfg.Log,
	}, nil
}

// serveHTTP serves until ctx ends. After an error statements may still run.
func (f *front) serveHTTP(ctx context.Context, listener net.Listener, ready io.Writer) error {
	statements, killStatements := context.WithCancel(context.WithoutCancel(ctx))
	defer killStatements()
	server := &http.Server{
		Handler: f, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return statements },
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve clickhouse clients: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return drain(server, killStatements)
	})
	f.log.Info().Stringer("address", listener.Addr()).Str("version", f.version).Msg("embedded clickhouse is ready")
	if ready != nil {
		if _, err := fmt.Fprintf(ready, "ready %s\n", listener.Addr()); err != nil {
			return fmt.Errorf("announce clickhouse engine: %w", err)
		}
	}
	return group.Wait()
}

// drain lets statements end, then kills them, and fails if some still run.
func drain(server *http.Server, killStatements func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if server.Shutdown(ctx) == nil {
		return nil
	}
	killStatements()
	ctx, cancel = context.WithTimeout(context.Background(), killTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("clickhouse statements did not end: %w", err)
	}
	return nil
}
