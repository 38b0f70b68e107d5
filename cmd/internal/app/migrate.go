package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/sinks/clickhouse"
)

func newMigrateCommand(s *shell) *cobra.Command {
	var dryRun, asJSON bool
	flags := func(cmd *cobra.Command) *cobra.Command {
		withConfig(cmd)
		shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
		cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
		cmd.Args = arguments(cobra.NoArgs)
		return cmd
	}
	apply := flags(&cobra.Command{
		Use:   "apply",
		Short: "Bring the schema up to date",
		Long: `Take the migrations that the database lacks, in order. Taking none is no error, and one that
failed half-way is taken again. A database that a newer satisflow has migrated is refused.`,
		Example: `  satisflow migrate apply --clickhouse http://host:8123/satisflow
  satisflow migrate apply --dry-run`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.withStore(cmd, func(ctx context.Context, conn driver.Conn, cfg clickhouse.Config) error {
				return s.applyMigrations(ctx, conn, cfg, dryRun, asJSON)
			})
		},
	})
	apply.Flags().BoolVar(&dryRun, "dry-run", false, "only list what would be done")
	list := flags(&cobra.Command{
		Use:     "list",
		Short:   "List the migrations and which of them the database lacks",
		Long:    "List the migrations that this satisflow knows, and which the database lacks. It changes nothing.",
		Example: "  satisflow migrate list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.withStore(cmd, func(ctx context.Context, conn driver.Conn, _ clickhouse.Config) error {
				return s.listMigrations(ctx, conn, asJSON)
			})
		},
	})
	return group(&cobra.Command{
		Use:   "migrate",
		Short: "List or apply the migrations of the ClickHouse schema",
		Long: `Keep the schema in ClickHouse: tables, views and their comments. Roles refuse a database whose
schema is not theirs; run this before them, or start them with --migrate.`,
		Example: `  satisflow migrate list
  satisflow migrate apply --clickhouse http://host:8123/satisflow`,
	}, list, apply)
}

// withStore calls f with a connection to the configured ClickHouse.
func (s *shell) withStore(cmd *cobra.Command, f func(ctx context.Context, conn driver.Conn, cfg clickhouse.Config) error) error {
	loaded, err := s.load(cmd)
	if err != nil {
		return err
	}
	conn, err := connect(cmd.Context(), &loaded)
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(cmd.Context(), conn, loaded.Config.ClickHouse)
}

// connect opens the configured ClickHouse for a command, which does not wait for it; the caller closes the connection.
func connect(ctx context.Context, loaded *config.Loaded) (driver.Conn, error) {
	conn, err := clickhouse.Open(ctx, loaded.Config.ClickHouse)
	if err != nil && !clickhouse.IsPermanent(err) {
		err = unavailable(fmt.Errorf("%w: is ClickHouse running there? clickhouse.dsn (--clickhouse) says where, now from %s", err, loaded.From("clickhouse.dsn")))
	}
	return conn, err
}

// connectMigrated is connect to a database whose schema is up to date.
func connectMigrated(ctx context.Context, loaded *config.Loaded) (driver.Conn, error) {
	conn, err := connect(ctx, loaded)
	if err != nil {
		return nil, err
	}
	if err := requireSchema(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// migration is a step in the answers of migrate.
type migration struct {
	Version uint32 `json:"version"`
	Name    string `json:"name"`
	State   string `json:"state"` // applied, pending or taken (now)
}

func (s *shell) listMigrations(ctx context.Context, conn driver.Conn, asJSON bool) error {
	pending, err := clickhouse.Pending(ctx, conn)
	if err != nil {
		return err
	}
	var all []migration
	for _, m := range clickhouse.Migrations() {
		state := "applied"
		if slices.Contains(pending, m) {
			state = "pending"
		}
		all = append(all, migration{m.Version, m.Name, state})
	}
	return s.printMigrations(all, asJSON)
}

func (s *shell) applyMigrations(ctx context.Context, conn driver.Conn, cfg clickhouse.Config, dryRun, asJSON bool) error {
	state, take := "taken", func() ([]clickhouse.Migration, error) {
		return clickhouse.MigrateInTurn(ctx, conn, clickhouse.MigrateOptions{Cluster: cfg.Cluster}, clickhouse.Holder())
	}
	if dryRun {
		state, take = "pending", func() ([]clickhouse.Migration, error) { return clickhouse.Pending(ctx, conn) }
	}
	steps, err := take()
	done := make([]migration, 0, len(steps))
	for _, m := range steps {
		done = append(done, migration{m.Version, m.Name, state})
	}
	if len(done) == 0 && err == nil && !asJSON {
		_, err := fmt.Fprintln(s.stdout, "the schema is up to date")
		return err
	}
	if printErr := s.printMigrations(done, asJSON); err == nil {
		err = printErr
	}
	return err
}

func (s *shell) printMigrations(all []migration, asJSON bool) error {
	if asJSON {
		return s.printJSON(all)
	}
	for _, m := range all {
		if _, err := fmt.Fprintf(s.stdout, "%04d  %-8s %s\n", m.Version, m.State, m.Name); err != nil {
			return err
		}
	}
	return nil
}
