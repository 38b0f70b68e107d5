package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/operate/verification"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// noted is the last result of a comparison.
type noted struct {
	differences, conflicts uint64
	at                     time.Time
}

func (n *noted) Verified(differences, conflicts uint64, at time.Time) {
	*n = noted{differences, conflicts, at}
}

func (n *noted) Forget() { *n = noted{} }

func TestVerifyInTheBackgroundSeesConflictsAndDifferencesAndRepairErasesTheLesser(t *testing.T) {
	s := newStack(t, 2)
	ctx, now := t.Context(), time.Now().UTC()
	rating := func(customer string, ago time.Duration, revision, score int) source.Message {
		return source.Message{Key: []byte(customer), Value: fmt.Appendf(nil, `{"rating_id":"r-1","occurred_at":%q,"customer_id":%q,"service":"data_analysis","rating":%d,"revision":%d}`,
			now.Add(-ago).Format(time.RFC3339), customer, score, revision)}
	}
	_, stop := s.pipeline("one")
	if err := s.producer.Produce(ctx, rating("c-1", 3*time.Hour, 2, 5), rating("c-1", 5*time.Hour, 1, 1), rating("c-2", 3*time.Hour, 1, 1)); err != nil {
		t.Fatal(err)
	}
	s.settle(time.Minute)
	var result noted
	loop := verification.New(verification.DefaultConfig(), verification.Parts{Conn: s.conn, Epoch: 1, Owns: func() bool { return true }, Metrics: &result, Now: time.Now, Log: zerolog.Nop()})
	compare := func(differences, conflicts uint64) {
		t.Helper()
		if err := loop.Once(ctx); err != nil {
			t.Fatal(err)
		}
		if result.conflicts != conflicts || (result.differences > 0) != (differences > 0) || result.at.Before(now) {
			t.Fatalf("%+v, want %d differences and %d conflicts", result, differences, conflicts)
		}
	}
	compare(0, 1)

	conflicts, all, err := clickhouse.Conflicts(ctx, s.conn, 1, 10)
	if err != nil || all != 1 || len(conflicts[0].Lesser()) != 2 {
		t.Fatalf("conflicts %+v, %v", conflicts, err)
	}
	client, err := source.NewClient(s.cluster())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	e := erasure.New(erasure.DefaultConfig(), erasure.Parts{Store: clickhouse.NewErasures(s.conn, ""), Alerts: clickhouse.NewAlerts(s.conn), Producer: s.producer, Events: s.events, Now: time.Now,
		Ends: func(ctx context.Context) (map[int32]int64, error) {
			_, last, err := client.Offsets(ctx, s.topic)
			return last, err
		}})
	var lesser []clickhouse.StoredRating
	for _, p := range conflicts[0].Lesser() {
		lesser = append(lesser, clickhouse.StoredRating{Partition: p.Partition, RatingID: "r-1", CustomerID: p.CustomerID, Service: p.Service, OccurredAt: p.OccurredAt.UnixMilli(), Revision: p.Revision})
	}
	if err := e.At(ctx, lesser, func(string) {}); err != nil {
		t.Fatal(err)
	}
	compare(0, 0)
	e1, _, err := clickhouse.CurrentEpoch(ctx, s.conn)
	if err != nil {
		t.Fatal(err)
	}
	if totals, err := clickhouse.EpochTotals(ctx, s.conn, &e1); err != nil || totals.Ratings != 1 || totals.Satisfied != 1 {
		t.Errorf("%+v, %v: want the rating with the highest revision alone", totals, err)
	}
	stop()
	if err := s.conn.Exec(ctx, `INSERT INTO satisfaction_panes SELECT * REPLACE (version + 1 AS version, ratings + 1 AS ratings) FROM satisfaction_panes FINAL WHERE dimension = 'overall' AND ratings > 0`); err != nil {
		t.Fatal(err)
	}
	compare(1, 0)
}
