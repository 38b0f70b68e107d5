package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/sinks/clickhouse/engine"
)

const (
	clickhouseService = "clickhouse"
	libraryEnv        = "SATISFLOW_TESTKIT_LIBRARY"
)

// ClickHouseDB is an empty database for one test, on the run's ClickHouse.
type ClickHouseDB struct {
	// DSN is how clickhouse-go reaches the database.
	DSN string
	// Name is the database's name.
	Name string

	t testing.TB
}

// ClickHouse creates a database for the test and drops it at the test's end.
func ClickHouse(t testing.TB) *ClickHouseDB {
	t.Helper()
	a := sharedServer(t, clickhouseService, libraryEnv+"="+EngineLibrary(t))
	return createDatabase(t, a.HostPort, a.Token)
}

func createDatabase(t testing.TB, hostPort, token string) *ClickHouseDB {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	admin := OpenClickHouse(t, engine.DSN(hostPort, token, "default"))
	execSQL(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execSQL(t, admin, "DROP DATABASE "+name+" SYNC") })
	return &ClickHouseDB{DSN: engine.DSN(hostPort, token, name), Name: name, t: t}
}

// Open returns connections to the database, closed at the test's end.
func (c *ClickHouseDB) Open() driver.Conn {
	c.t.Helper()
	return OpenClickHouse(c.t, c.DSN)
}

// OpenClickHouse returns connections for a DSN, closed at the test's end.
func OpenClickHouse(t testing.TB, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatalf("parse ClickHouse DSN: %v", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatalf("open ClickHouse: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("close ClickHouse: %v", err)
		}
	})
	return conn
}

func execSQL(t testing.TB, conn driver.Conn, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := conn.Exec(ctx, sql); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}

// EngineLibrary finds or fetches the ClickHouse engine and returns its path; the test ends if this machine can't.
func EngineLibrary(t testing.TB) string {
	t.Helper()
	path, err := engine.Library(context.Background(), engine.LibraryConfig{Progress: os.Stderr})
	if errors.Is(err, engine.ErrUnavailable) {
		Unavailable(t, "this test needs the ClickHouse engine: %v", err)
	}
	if err != nil {
		t.Fatalf("find the ClickHouse engine: %v", err)
	}
	return path
}

// serveSharedClickHouse runs in the supervisor.
func serveSharedClickHouse(ctx context.Context, dir string) (server, address, error) {
	cfg := engineConfig(os.Getenv(libraryEnv), filepath.Join(dir, "data"), "127.0.0.1:0")
	process, err := startEngine(ctx, cfg, os.Stderr)
	if err != nil {
		return nil, address{}, err
	}
	return process, address{HostPort: process.Address(), Token: cfg.Token}, nil
}

func engineConfig(library, dir, listen string) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Library, cfg.Dir, cfg.Listen, cfg.Token = library, dir, listen, rand.Text()
	return cfg
}

func startEngine(ctx context.Context, cfg engine.Config, stderr io.Writer) (*engine.Process, error) {
	process, err := engine.Start(ctx, engine.StartConfig{
		Config: cfg, Path: selfPath, Env: []string{roleEnv + "=" + engineRole}, Stderr: stderr,
	})
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse engine in %s: %w", cfg.Dir, err)
	}
	return process, nil
}
