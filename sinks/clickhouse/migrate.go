package clickhouse

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed sql/*.sql sql/queries/*.sql
var files embed.FS

// MigrateInTurn is Migrate while this process has the MigrationLease, so that of several that start at once one migrates and
// the others find nothing to do. The holder is the name of this process.
func MigrateInTurn(ctx context.Context, conn driver.Conn, opts MigrateOptions, holder string) (taken []Migration, err error) {
	pending, err := Pending(ctx, conn)
	if err != nil || len(pending) == 0 {
		return nil, err
	}
	if err := execute(ctx, conn, schema{cluster: opts.Cluster}, "leases.sql", embedded("leases.sql")); err != nil {
		return nil, err
	}
	err = NewLease(conn, MigrationLease, holder).HoldInTurn(ctx, func(ctx context.Context) error {
		taken, err = Migrate(ctx, conn, opts)
		return err
	})
	return taken, err
}

// MigrateOptions say what kind of server the schema is for.
type MigrateOptions struct {
	Cluster string // name of the server's cluster, empty for a single server
}

// Migration is one step of the schema.
type Migration struct {
	Version  uint32
	Name     string // of its file, without version and ending
	Checksum string // of its file, 16 hex digits
	text     string
}

var migrationFile = regexp.MustCompile(`^(\d{4})_(\w+)\.sql$`)

// Migrations returns the steps that this binary knows, by version.
func Migrations() []Migration {
	entries, err := fs.ReadDir(files, "sql")
	if err != nil {
		panic(err) // embedded: cannot fail
	}
	var all []Migration
	for _, e := range entries {
		m := migrationFile.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		version, _ := strconv.ParseUint(m[1], 10, 32) // four digits
		text := embedded(e.Name())
		sum := sha256.Sum256([]byte(text))
		all = append(all, Migration{Version: uint32(version), Name: m[2], Checksum: hex.EncodeToString(sum[:8]), text: text})
	}
	return all
}

func embedded(name string) string {
	b, err := files.ReadFile("sql/" + name)
	if err != nil {
		panic(err) // embedded: cannot fail
	}
	return string(b)
}

// Migrate brings the schema of the connection's database up to date and returns the steps that it took, also when a
// later one failed. A step that failed half-way is taken again by the next call: its statements bear repetition. It
// refuses a database that a newer binary has migrated, and one whose steps were other than this binary's.
func Migrate(ctx context.Context, conn driver.Conn, opts MigrateOptions) ([]Migration, error) {
	s := schema{cluster: opts.Cluster}
	var err error
	if s.settings, err = knownTableSettings(ctx, conn); err != nil {
		return nil, err
	}
	for _, name := range []string{"schema_migrations.sql", "leases.sql"} {
		if err := execute(ctx, conn, s, name, embedded(name)); err != nil {
			return nil, err
		}
	}
	pending, err := Pending(ctx, conn)
	if err != nil {
		return nil, err
	}
	for i, m := range pending {
		if err := execute(ctx, conn, s, fmt.Sprintf("%04d_%s.sql", m.Version, m.Name), m.text); err != nil {
			return pending[:i], err
		}
		if err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO schema_migrations (version, name, checksum) SETTINGS async_insert = 0 VALUES (%d, %s, %s)",
			m.Version, quote(m.Name), quote(m.Checksum))); err != nil {
			return pending[:i], failed(err, "record migration %04d", m.Version)
		}
	}
	return pending, nil
}

// Pending returns the steps that the database lacks: all of them when it has no schema yet. It refuses what Migrate
// refuses, so that a process which may not migrate can tell whether it fits the database.
func Pending(ctx context.Context, conn driver.Conn) ([]Migration, error) {
	var stored []struct {
		Version  uint32 `ch:"version"`
		Checksum string `ch:"checksum"`
	}
	err := conn.Select(ctx, &stored, "SELECT version, checksum FROM schema_migrations FINAL ORDER BY version")
	if err != nil && !hasCode(err, codeNoTable) {
		return nil, failed(err, "read the schema's version")
	}
	all := Migrations()
	newest := all[len(all)-1].Version
	checksums := map[uint32]string{}
	for _, s := range stored {
		if s.Version > newest {
			return nil, permanentf("the database's schema is version %d, this binary knows %d: use the binary that migrated it or a newer one", s.Version, newest)
		}
		checksums[s.Version] = s.Checksum
	}
	var pending []Migration
	for _, m := range all {
		switch was, taken := checksums[m.Version]; {
		case !taken:
			pending = append(pending, m)
		case was != m.Checksum:
			return nil, permanentf("migration %04d_%s was taken with checksum %s, this binary has %s: use the binary that migrated the database, or a new database",
				m.Version, m.Name, was, m.Checksum)
		}
	}
	return pending, nil
}

func execute(ctx context.Context, conn driver.Conn, s schema, name, text string) error {
	statements, err := s.render(name, text)
	if err != nil {
		return err
	}
	for i, statement := range statements {
		if err := conn.Exec(ctx, statement); err != nil {
			return failed(err, "statement %d of %s", i+1, name)
		}
	}
	return nil
}

// knownTableSettings lets the schema use settings that older servers would refuse.
func knownTableSettings(ctx context.Context, conn driver.Conn) (map[string]bool, error) {
	var names []struct {
		Name string `ch:"name"`
	}
	if err := conn.Select(ctx, &names, "SELECT name FROM system.merge_tree_settings"); err != nil {
		return nil, failed(err, "read the server's table settings")
	}
	known := map[string]bool{}
	for _, n := range names {
		known[n.Name] = true
	}
	return known, nil
}
