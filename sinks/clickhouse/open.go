package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Open connects to the configured ClickHouse and creates the database when it is missing. The caller closes the
// connection, which is safe for concurrent use. An error never holds the password.
func Open(ctx context.Context, cfg Config) (driver.Conn, error) {
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", Redacted(cfg.DSN), err)
	}
	err = conn.Exec(ctx, "SELECT 1")
	if hasCode(err, codeNoDatabase) {
		if err = createDatabase(ctx, opts, cfg.Cluster); err == nil {
			err = conn.Exec(ctx, "SELECT 1")
		}
	}
	if err != nil {
		_ = conn.Close() // nothing was sent on it
		return nil, failed(err, "connect to %s", Redacted(cfg.DSN))
	}
	return conn, nil
}

// createDatabase creates the options' database over a connection of its own, to the database that always exists.
func createDatabase(ctx context.Context, opts *clickhouse.Options, cluster string) error {
	elsewhere := *opts
	elsewhere.Auth.Database = "default"
	conn, err := clickhouse.Open(&elsewhere)
	if err != nil {
		return err
	}
	defer conn.Close()
	schema := schema{cluster: cluster}
	return failed(conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE IF NOT EXISTS `%s` %s", opts.Auth.Database, schema.onCluster())),
		"create database %s", opts.Auth.Database)
}
