package chaos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/deploy/testkit"
	"satisflow/sinks/clickhouse"
)

const figures = "ratings, unscored, satisfied, highly_satisfied, dissatisfied, rating_sum, rating_sum_squares, stars_1, stars_2, stars_3, stars_4, stars_5, " +
	"response_time_sum, response_time_n, accuracy_sum, accuracy_n, completeness_sum, completeness_n"

// storeByHand stores what the oracle says of some ratings, as a processor would have.
func storeByHand(t *testing.T, conn driver.Conn) *oracle.Oracle {
	t.Helper()
	s := stack{cfg: &Config{Partitions: 1}}
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, s.definition(), time.Now()); err != nil {
		t.Fatal(err)
	}
	o := oracle.New(oracle.DefaultRules())
	begin := time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Hour)
	insert(t, conn, "enterprise_customer_satisfaction", "epoch, partition, pane, rating_id, version, offset, record_timestamp, occurred_at, customer_id, service, rating_hundredths",
		func(add func(...any)) {
			for i := range 100 {
				at := begin.Add(time.Duration(i) * time.Minute)
				o.Read(oracle.Message{Offset: int64(i), Time: at, Value: fmt.Appendf(nil,
					`{"rating_id":"r-%d","occurred_at":%q,"customer_id":"c","service":"data_analysis","rating":%d}`, i, at.Format(time.RFC3339), 1+i%5)})
				add(uint32(epoch), int32(0), at.Truncate(5*time.Minute), fmt.Sprintf("r-%d", i), uint64(i+1), int64(i), at, at, "c", "data_analysis", uint16(100+i%5*100))
			}
		})
	mark := begin.Add(150 * time.Minute)
	insert(t, conn, "pipeline_checkpoints", "epoch, partition, version, cut, watermark, fresh_at, definition, owner", func(add func(...any)) {
		add(uint32(epoch), int32(0), uint64(1), int64(100), mark, mark, s.definition().Hash(), "hand")
	})
	insert(t, conn, "satisfaction_panes", "epoch, dimension, value, pane, partition, version, "+figures, func(add func(...any)) {
		for at, sums := range o.Panes() {
			add(append([]any{uint32(epoch), at.Dimension, at.Value, time.Unix(at.At, 0), at.Partition, uint64(100)}, values(sums)...)...)
		}
	})
	insert(t, conn, "satisfaction_windows", "epoch, window, dimension, value, window_end, partition, version, "+figures, func(add func(...any)) {
		for at, sums := range o.Windows(map[int32]time.Time{0: mark}) {
			add(append([]any{uint32(epoch), at.Window, at.Dimension, at.Value, time.Unix(at.At, 0), at.Partition, uint64(100)}, values(sums)...)...)
		}
	})
	return o
}

func values(s *oracle.Sums) (all []any) {
	for _, v := range s {
		all = append(all, v)
	}
	return all
}

func insert(t *testing.T, conn driver.Conn, table, columns string, rows func(add func(...any))) {
	t.Helper()
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO "+table+" ("+columns+")")
	if err != nil {
		t.Fatal(err)
	}
	rows(func(row ...any) {
		if err := batch.Append(row...); err != nil {
			t.Fatal(err)
		}
	})
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

func TestOneWrongFigureIsFoundAndFailsTheRun(t *testing.T) {
	for name, c := range map[string]struct{ tamper, want string }{
		"nothing is wrong": {"SELECT 1", ""},
		"a window has one satisfied rating too many": {
			"INSERT INTO satisfaction_windows SELECT * REPLACE (version + 1 AS version, satisfied + 1 AS satisfied) FROM satisfaction_windows FINAL WHERE dimension = 'overall' AND window = '1h' ORDER BY window_end LIMIT 1",
			"{{overall  0} 1h "},
		"a pane is a fact short": {
			"INSERT INTO satisfaction_panes SELECT * REPLACE (version + 1 AS version, ratings - 1 AS ratings) FROM satisfaction_panes FINAL WHERE dimension = 'service' ORDER BY pane LIMIT 1",
			"{{service data_analysis 0} "},
		"a rating is stored that nobody sent": {
			"INSERT INTO enterprise_customer_satisfaction SELECT * REPLACE ('forged' AS rating_id) FROM enterprise_customer_satisfaction LIMIT 1",
			"/forged: stored"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := testkit.ClickHouse(t).Open()
			o := storeByHand(t, conn)
			if err := conn.Exec(t.Context(), c.tamper); err != nil {
				t.Fatal(err)
			}
			s, err := compareStored(t.Context(), conn, o)
			if err != nil {
				t.Fatal(err)
			}
			why := strings.Join(s.judge(""), "\n")
			if c.want == "" && why != "" || !strings.Contains(why, c.want) || c.want != "" && (s.Differences != 1 || s.Unverified == 0) {
				t.Errorf("%d differences, %d unverified: %s\nwant %q", s.Differences, s.Unverified, why, c.want)
			}
		})
	}
}
