package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/owner"
	"satisflow/sinks/sinktest"
)

func TestValidateNamesTheKeyAndWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct {
		want   string // empty for no error
		change func(*Config)
	}{
		{"", func(*Config) {}},
		{"", func(c *Config) { c.DSN = "clickhouse://user:secret@db:9440/satisflow?secure=true" }},
		{"", func(c *Config) { c.DSN = "https://user:secret@db:8443" }},
		{"", func(c *Config) { c.DSN = "https://db:8443/x?skip_verify=true&secure=true" }},
		{"clickhouse.dsn: mysql://db/x: want http://, https:// or clickhouse://", func(c *Config) { c.DSN = "mysql://db/x" }},
		{"clickhouse.dsn: database \"a b\"", func(c *Config) { c.DSN = "http://db:8123/a%20b" }},
		{"clickhouse.dsn", func(c *Config) { c.DSN = "" }},
		{"clickhouse.dsn", func(c *Config) { c.DSN = "http://me:secr%et@db:8123/x" }},
		{"clickhouse.dial_timeout: 0s: want more than 0", func(c *Config) { c.DialTimeout = 0 }},
		{"clickhouse.read_timeout", func(c *Config) { c.ReadTimeout = -time.Second }},
		{"clickhouse.max_connections: 0: want at least 1", func(c *Config) { c.MaxConnections = 0 }},
		{"clickhouse.password_file: set beside clickhouse.password", func(c *Config) { c.Password, c.PasswordFile = "secret", "x" }},
		{"clickhouse.cluster: \"a'b\"", func(c *Config) { c.Cluster = "a'b" }},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secr")) {
			t.Errorf("%s: error %v, want %q and no password", Redacted(cfg.DSN), err, c.want)
		}
	}
}

func TestRedactedHidesEverythingSecret(t *testing.T) {
	for dsn, want := range map[string]string{
		"http://me:secret@db:8123/x?password=secret&http_proxy=http://u:secret@p": "http://me@db:8123/x",
		"clickhouse://db:9000":        "clickhouse://db:9000",
		"http://me:secr%et@db:8123/x": "(an address that cannot be read)",
		"secret":                      "(an address that cannot be read)",
	} {
		if got := Redacted(dsn); got != want {
			t.Errorf("Redacted(%q) is %q, want %q", dsn, got, want)
		}
	}
}

func TestCredentialsComeFromTheDSNTheConfigurationOrAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("of file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"me of dsn":      func(*Config) {},
		"you of dsn":     func(c *Config) { c.Username = "you" },
		"me of config":   func(c *Config) { c.Password = "of config" },
		"other of file":  func(c *Config) { c.Username, c.PasswordFile = "other", file },
		"me of missing!": func(c *Config) { c.PasswordFile = file + "!" },
	} {
		cfg := DefaultConfig()
		cfg.DSN = "http://me:of%20dsn@db:8123/x"
		change(&cfg)
		opts, err := cfg.options()
		if strings.HasSuffix(want, "!") {
			if err == nil || !strings.Contains(err.Error(), "clickhouse.password_file") {
				t.Errorf("missing file: error %v", err)
			}
			continue
		}
		if err != nil || opts.Auth.Username+" "+opts.Auth.Password != want {
			t.Errorf("%q %q, %v; want %s", opts.Auth.Username, opts.Auth.Password, err, want)
		}
	}
}

// withDatabase returns the DSN of another database on the test's server.
func withDatabase(t *testing.T, name string) Config {
	t.Helper()
	db := testkit.ClickHouse(t)
	cfg := DefaultConfig()
	cfg.DSN = strings.Replace(db.DSN, "/"+db.Name, "/"+name, 1)
	conn := db.Open()
	t.Cleanup(func() {
		if err := conn.Exec(context.WithoutCancel(t.Context()), "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
			t.Error(err)
		}
	})
	return cfg
}

func TestOpenCreatesAMissingDatabase(t *testing.T) {
	cfg := withDatabase(t, fmt.Sprintf("test_open_%d", os.Getpid()))
	for range 2 {
		conn, err := Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Migrate(t.Context(), conn, MigrateOptions{}); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestErrorsSayWhetherARetryCanMendThem(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	def := sinktest.Definition()
	ctx := t.Context()
	checkpoint := []owner.Checkpoint{{Partition: 1}}
	insert := NewSink(conn, 1, &def).InsertCheckpoints
	if err := insert(ctx, checkpoint); !IsPermanent(err) {
		t.Errorf("a missing table: %v, want a permanent error", err)
	}
	if _, err := NewStore(conn, 1, &def).Checkpoints(ctx, []int32{1}); !IsPermanent(err) || !strings.Contains(err.Error(), "read checkpoints of epoch 1") {
		t.Errorf("a missing table: %v, want a permanent error that names the action", err)
	}
	exec(t, conn, "CREATE TABLE pipeline_checkpoints (epoch UInt32) ENGINE = MergeTree ORDER BY epoch")
	if err := insert(ctx, checkpoint); !IsPermanent(err) {
		t.Errorf("missing columns: %v, want a permanent error", err)
	}
	exec(t, conn, "DROP TABLE pipeline_checkpoints SYNC")
	exec(t, conn, "CREATE TABLE pipeline_checkpoints (epoch UInt32, partition Int32, version UInt64, cut UUID, watermark DateTime64(3), fresh_at DateTime64(3), definition String, owner String) ENGINE = MergeTree ORDER BY epoch")
	if err := insert(ctx, checkpoint); !IsPermanent(err) {
		t.Errorf("a type that does not fit: %v, want a permanent error", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := insert(cancelled, checkpoint); err == nil || IsPermanent(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call: %v, want an error that is not permanent", err)
	}
}

func TestOpenTellsAServerThatIsDownFromOneThatRefuses(t *testing.T) {
	cfg := DefaultConfig()
	cfg.DSN = "http://me:secret@127.0.0.1:1/x"
	if _, err := Open(t.Context(), cfg); err == nil || IsPermanent(err) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "http://me@127.0.0.1:1/x") {
		t.Errorf("nobody listens: %v, want an error that is not permanent, with the address and without the password", err)
	}
	cfg.DSN, cfg.Password = testkit.ClickHouse(t).DSN, "wrong"
	if _, err := Open(t.Context(), cfg); !IsPermanent(err) {
		t.Errorf("a refused password: %v, want a permanent error", err)
	}
}

func TestTransientCodesAreNotPermanent(t *testing.T) {
	for _, code := range []int32{159, 202, 209, 210, 241, 242, 243, 252, 285, 319, 425, 999} {
		if err := failed(&clickhouse.Exception{Code: code}, "insert"); IsPermanent(err) {
			t.Errorf("code %d is permanent", code)
		}
	}
	for _, code := range []int32{16, 47, 53, 60, 81, 497, 516} {
		if err := failed(&clickhouse.HTTPError{StatusCode: 500, Err: &clickhouse.Exception{Code: code}}, "insert"); !IsPermanent(err) {
			t.Errorf("code %d is not permanent", code)
		}
	}
	if failed(nil, "x") != nil {
		t.Error("no error became one")
	}
}
