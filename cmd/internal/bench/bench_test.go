package bench

import (
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

func TestEveryPartIsMeasuredAndEveryRatingArrives(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	conn := testkit.ClickHouse(t).Open()
	def := &window.Definition{Windows: window.DefaultWindows(), Pane: 5 * time.Minute, Bands: window.DefaultBands(),
		Dimensions: window.BuiltinDimensions(), Quality: []string{"response_time_ms", "accuracy", "completeness"}, Partitions: 2}
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, def, time.Now()); err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), Options{Records: 5000, PerDay: 100_000, Partitions: 2, Seed: 1, Brokers: broker.ListenAddrs(), Conn: conn,
		Definition: def, Now: time.Now(), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if r.PerSecond <= 0 || r.CPU <= 0 || r.RowsPerRating < 1 || len(r.Parts) != 4 {
		t.Errorf("report: %+v", r)
	}
	for _, p := range r.Parts {
		if p.CPU <= 0 {
			t.Errorf("part %s took no CPU", p.Name)
		}
	}
	var facts uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM enterprise_customer_satisfaction FINAL").Scan(&facts); err != nil {
		t.Fatal(err)
	}
	if facts < 4500 || facts > 5000 { // duplicates, corrections and erasures name earlier ratings
		t.Errorf("%d facts of 5000 records", facts)
	}
}
