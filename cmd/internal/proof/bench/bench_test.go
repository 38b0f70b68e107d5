package bench

import (
	"context"
	"errors"
	"strings"
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

func TestWhyAPipelineEndedEarlyIsSaid(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("broken")
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want string
	}{
		{interrupted, nil, "interrupted at 3 of 10 records: context canceled"},
		{t.Context(), nil, "the pipeline ended by itself at 3 of 10 records"},
		{t.Context(), broken, "the pipeline ended at 3 of 10 records: broken"},
	} {
		if got := endedEarly(c.ctx, c.err, 3, 10).Error(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestTheEngineIsWaitedForUntilItsPartsAreStable(t *testing.T) {
	conn := testkit.ClickHouse(t).Open()
	o := &Options{Conn: conn, EngineCPU: func() float64 { return 0 }}
	exec := func(statement string) {
		t.Helper()
		if err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE busy (n UInt64) ENGINE = MergeTree ORDER BY n")
	exec("INSERT INTO busy SELECT number FROM numbers(1000)")
	writing, done := time.Now().Add(3*time.Second), make(chan error, 1)
	go func() { // stands for merges: the parts change all the time
		for time.Now().Before(writing) {
			if err := conn.Exec(t.Context(), "INSERT INTO busy SELECT number FROM numbers(1000)"); err != nil {
				done <- err
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		done <- nil
	}()
	if err := o.settle(t.Context()); err != nil || time.Now().Before(writing.Add(quietFor-250*time.Millisecond)) {
		t.Errorf("settled %s before the parts were stable for %s: %v", time.Until(writing.Add(quietFor)), quietFor, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := o.settle(ctx); err == nil || !strings.Contains(err.Error(), "interrupted while the engine merges") {
		t.Errorf("interrupted: %v", err)
	}
}
