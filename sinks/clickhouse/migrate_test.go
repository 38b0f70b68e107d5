package clickhouse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/sinks/sinktest"
)

func TestMigrateTakesEachStepOnce(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	pending, err := Pending(t.Context(), conn)
	if err != nil || len(pending) != len(Migrations()) {
		t.Fatalf("%d pending of a new database, %v: want all", len(pending), err)
	}
	applied, err := Migrate(t.Context(), conn, MigrateOptions{})
	if err != nil || len(applied) != len(Migrations()) || applied[0].Name != "tables" || applied[0].Version != 1 {
		t.Fatalf("applied %d, %v: want all, tables first", len(applied), err)
	}
	if applied, err = Migrate(t.Context(), conn, MigrateOptions{}); err != nil || len(applied) != 0 {
		t.Errorf("applied %d again, %v", len(applied), err)
	}
}

func TestMigrateTakesAStepAgainThatFailedHalfWay(t *testing.T) {
	conn := migrated(t)
	exec(t, conn, "DROP TABLE satisfaction_windows SYNC")
	exec(t, conn, "DROP TABLE dead_letters SYNC")
	exec(t, conn, "TRUNCATE TABLE schema_migrations")
	if applied, err := Migrate(t.Context(), conn, MigrateOptions{}); err != nil || len(applied) != len(Migrations()) {
		t.Fatalf("applied %d, %v", len(applied), err)
	}
	exec(t, conn, "SELECT * FROM satisfaction_history")
}

func TestMigrateLeavesTheDataOfAnOlderDatabaseAsItWas(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	old := migratedTo(t, conn, 3)
	def := sinktest.Definition()
	if _, err := EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	e := event.Event{RatingID: "r", CustomerID: "c", Service: "s", OccurredAt: now.UnixMilli(), Rating: 200, Quality: event.NoQuality()}
	grid := def.Grid()
	if err := NewSink(conn, 1, &def).InsertFacts(t.Context(), []fact.Fact{fact.New(&e, 0, 1, now.UnixMilli(), grid.PaneOf(now.UnixMilli()))}); err != nil {
		t.Fatal(err)
	}
	if err := NewErasures(conn, "").Put(t.Context(), Erasure{ID: "1", RequestedAt: now, State: ErasureDurable}, now); err != nil {
		t.Fatal(err)
	}
	applied, err := Migrate(t.Context(), conn, MigrateOptions{})
	if err != nil || len(applied) != len(Migrations())-len(old) || applied[0].Version != 4 {
		t.Fatalf("applied %+v, %v: want those after version 3", applied, err)
	}
	current, _, err := CurrentEpoch(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	s := NewAlerts(conn)
	if ratings, err := s.Ratings(t.Context(), &current, []string{"c"}, now, now); err != nil || len(ratings["c"]) != 1 {
		t.Errorf("%v, %v; want the rating", ratings, err)
	}
	if all, err := NewErasures(conn, "").List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v; want the erasure", all, err)
	}
	s.put(t, raised("a", 1))
	if all, err := s.AtWork(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v; want the alert", all, err)
	}
}

// migratedTo brings an empty database to the version, as an older binary did, and returns the steps.
func migratedTo(t *testing.T, conn driver.Conn, version uint32) (taken []Migration) {
	t.Helper()
	if err := execute(t.Context(), conn, schema{}, "schema_migrations.sql", embedded("schema_migrations.sql")); err != nil {
		t.Fatal(err)
	}
	for _, m := range Migrations()[:version] {
		if err := execute(t.Context(), conn, schema{}, m.Name, m.text); err != nil {
			t.Fatal(err)
		}
		exec(t, conn, fmt.Sprintf("INSERT INTO schema_migrations (version, name, checksum) VALUES (%d, '%s', '%s')", m.Version, m.Name, m.Checksum))
		taken = append(taken, m)
	}
	return taken
}

func TestMigrateRefusesWhatItDoesNotKnow(t *testing.T) {
	conn := migrated(t)
	exec(t, conn, "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (1, 'tables', 'other', now64(3) + 1)")
	_, err := Migrate(t.Context(), conn, MigrateOptions{})
	if !IsPermanent(err) || !strings.Contains(err.Error(), "0001_tables") || !strings.Contains(err.Error(), "other") {
		t.Errorf("another checksum: error %v, want a permanent one with the step and both checksums", err)
	}
	conn = migrated(t)
	exec(t, conn, "INSERT INTO schema_migrations (version, name, checksum) VALUES (9000, 'future', 'x')")
	if _, err = Migrate(t.Context(), conn, MigrateOptions{}); !IsPermanent(err) || !strings.Contains(err.Error(), "9000") {
		t.Errorf("a newer database: error %v, want a permanent one with its version", err)
	}
}

func TestEveryTableAndColumnHasAComment(t *testing.T) {
	conn := migrated(t)
	for _, query := range []string{
		"SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''",
		"SELECT concat(table, '.', name) AS name FROM system.columns WHERE database = currentDatabase() AND comment = '' AND table != 'customer_ratings_filler'",
	} {
		var bare []struct {
			Name string `ch:"name"`
		}
		if err := conn.Select(t.Context(), &bare, query); err != nil || len(bare) > 0 {
			t.Errorf("without a comment: %v, %v", bare, err)
		}
	}
	var tables, columns uint64
	row := conn.QueryRow(t.Context(), "SELECT uniqExact(table), count() FROM system.columns WHERE database = currentDatabase()")
	if err := row.Scan(&tables, &columns); err != nil || tables != 29 || columns < 190 {
		t.Errorf("%d tables and views with %d columns, %v: want 29 with all of theirs", tables, columns, err)
	}
}

func TestReplacingNeverMissesAVersion(t *testing.T) {
	// A partition key that is no function of the sorting key would keep versions of a row apart.
	conn := migrated(t)
	var tables []struct {
		Name      string `ch:"name"`
		Sorting   string `ch:"sorting_key"`
		Partition string `ch:"partition_key"`
	}
	if err := conn.Select(t.Context(), &tables, "SELECT name, sorting_key, partition_key FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"enterprise_customer_satisfaction": {"epoch, partition, pane, rating_id", "(epoch, toYYYYMM(pane))"},
		"satisfaction_panes":               {"epoch, dimension, value, pane, partition", "(epoch, toYYYYMM(pane))"},
		"satisfaction_windows":             {"epoch, window, dimension, value, window_end, partition", "(epoch, toYYYYMM(window_end))"},
		"dead_letters":                     {"epoch, partition, offset", "(epoch, toYYYYMM(arrived_at))"}, // a record that is read again keeps its first arrival
		"pipeline_checkpoints":             {"epoch, partition", "epoch"},
		"pipeline_epochs":                  {"epoch", ""},
		"dead_letters_replayed":            {"epoch, partition, offset", ""},
		"erasures":                         {"id", ""},
		"schema_migrations":                {"version", ""},

		"customer_satisfaction_alerts":        {"id", ""},
		"customer_satisfaction_alert_entries": {"id, version, at, action", "toYYYYMM(at)"},
		"customer_improvement_tasks":          {"id", ""}, "customer_improvement_tasks_history": {"id, version, changed_at", ""},
		"customer_satisfaction_improvements": {"id", ""}, "customer_satisfaction_improvements_history": {"id, version, changed_at", ""},
		"satisflow_sessions": {"id", ""}, "satisflow_sessions_history": {"id, version, changed_at", ""},
		"satisflow_tokens": {"id", ""}, "satisflow_tokens_history": {"id, version, changed_at", ""},
		"satisflow_users": {"id", ""}, "satisflow_users_history": {"id, version, changed_at", ""},
		"satisflow_audit":  {"number, hash", ""},
		"leases":           {"name", ""},
		"customer_ratings": {"epoch, customer_id, pane, rating_id, partition", "(epoch, toYYYYMM(pane))"},
	}
	for _, table := range tables {
		if got := [2]string{table.Sorting, table.Partition}; got != want[table.Name] {
			t.Errorf("%s: sorted by %q in partitions of %q, want %q", table.Name, got[0], got[1], want[table.Name])
		}
	}
	if len(tables) != len(want) {
		t.Errorf("%d tables, want %d", len(tables), len(want))
	}
}

func TestTheClusterVariantParses(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	s := schema{cluster: "main", settings: map[string]bool{"auto_statistics_types": true}}
	var tables, distributed, replicated int
	for _, m := range append(Migrations(), Migration{Name: "schema_migrations.sql", text: embedded("schema_migrations.sql")}, Migration{Name: "leases.sql", text: embedded("leases.sql")}) {
		statements, err := s.render(m.Name, m.text)
		if err != nil {
			t.Fatal(err)
		}
		for i, statement := range statements {
			name := fmt.Sprintf("%s, statement %d", m.Name, i+1)
			exec(t, conn, "EXPLAIN AST "+statement)
			if !strings.Contains(statement, "ON CLUSTER `main`") {
				t.Errorf("%s is not for the cluster: %.80s", name, statement)
			}
			tables += strings.Count(statement, "CREATE TABLE")
			distributed += strings.Count(statement, "ENGINE = Distributed('main', currentDatabase(), ")
			replicated += strings.Count(statement, "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/")
		}
	}
	if tables != 30 || distributed != 6 || replicated != 24 {
		t.Errorf("%d tables, %d distributed, %d replicated; want 30, 6, 24", tables, distributed, replicated)
	}
}
