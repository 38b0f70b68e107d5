package clickhouse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

func rowsOf(t *testing.T, s *Store, table string) (n uint64) {
	t.Helper()
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFactsStayFor26MonthsAndGoAfter27AndSumsStay(t *testing.T) {
	def := sinktest.Definition()
	store, sink := opened(t, &def)
	grid, today := def.Grid(), time.Now()
	for i, months := range []int{1, 24, 26, 27, 40} {
		at := today.AddDate(0, -months, 0).UnixMilli()
		e := event.Event{RatingID: fmt.Sprint("r", i), CustomerID: "c", Service: "s", OccurredAt: at, Rating: 400, Quality: event.NoQuality()}
		pane := grid.PaneOf(at)
		key, sums := window.Key{Dimension: window.Overall}, window.Sums{Ratings: 1}
		for _, err := range []error{
			sink.InsertFacts(t.Context(), []fact.Fact{fact.New(&e, 0, int64(i), at, pane)}),
			sink.InsertPanes(t.Context(), []owner.PaneRow{{Pane: pane, Key: key, Version: int64(i), Sums: sums}}),
			sink.InsertWindows(t.Context(), []owner.WindowRow{{Window: def.Windows[0].Name, End: pane, Key: key, Version: int64(i), Sums: sums}}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for table, want := range map[string]uint64{factsTable: 3, panesTable: 5, windowsTable: 5} {
		exec(t, store.conn, "OPTIMIZE TABLE "+table+" FINAL")
		if n := rowsOf(t, store, table); n != want {
			t.Errorf("%s: %d of 5 rows are left, want %d", table, n, want)
		}
	}
}

func TestAMonthOfFactsGoesAsAWholeAndNotBeforeItsPanesAreFrozen(t *testing.T) {
	// Were rows to go one by one, an erasure could go before what it erased. Were facts to go before their panes are
	// frozen, a late record would replace the sums of a pane by its own alone.
	def := sinktest.Definition()
	store, _ := opened(t, &def)
	var expiry string
	row := store.conn.QueryRow(t.Context(), "SELECT extract(create_table_query, 'TTL (.*?) SETTINGS') FROM system.tables WHERE database = currentDatabase() AND name = 'enterprise_customer_satisfaction'")
	if err := row.Scan(&expiry); err != nil || !strings.HasPrefix(expiry, "toStartOfMonth(pane) + toIntervalMonth(") {
		t.Fatalf("the facts expire by %q, %v: want a function of the month alone", expiry, err)
	}
	var least int64
	row = store.conn.QueryRow(t.Context(), "SELECT min(dateDiff('day', pane, "+expiry+")) FROM (SELECT toDate('2024-01-01') + number AS pane FROM numbers(5000))")
	if err := row.Scan(&least); err != nil || time.Duration(least)*24*time.Hour <= admit.MaxRetention {
		t.Errorf("a fact may go after %d days, %v: want more than %v", least, err, admit.MaxRetention)
	}
}

func TestDeadLettersStayFor90Days(t *testing.T) {
	def := sinktest.Definition()
	store, sink := opened(t, &def)
	letter := func(offset int64, age time.Duration) {
		t.Helper()
		at := time.Now().Add(-age)
		if err := sink.InsertDeadLetters(t.Context(), []owner.DeadLetter{{Offset: offset, Timestamp: at.UnixMilli(), Reason: "bad_json"}}); err != nil {
			t.Fatal(err)
		}
		exec(t, store.conn, fmt.Sprintf("INSERT INTO dead_letters SELECT * REPLACE (fromUnixTimestamp64Milli(toInt64(%d), 'UTC') AS inserted_at) FROM dead_letters WHERE offset = %d", at.UnixMilli(), offset))
		exec(t, store.conn, fmt.Sprintf("ALTER TABLE dead_letters DELETE WHERE offset = %d AND inserted_at > now() - INTERVAL 1 DAY SETTINGS mutations_sync = 2", offset))
	}
	const day = 24 * time.Hour
	letter(1, 200*day)
	letter(2, 89*day)
	exec(t, store.conn, "OPTIMIZE TABLE dead_letters FINAL")
	if n := rowsOf(t, store, deadLettersTable); n != 1 {
		t.Errorf("%d of 2 letters are left, want the one of 89 days", n)
	}
}
