package alerting

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// engine is a Service on the real engine, and the sink that stores ratings.
type engine struct {
	t       *testing.T
	service *Service
	sink    *clickhouse.Sink
	store   *clickhouse.Alerts
	def     window.Definition
	offset  int64
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	windows := window.DefaultWindows()
	e := &engine{t: t, def: window.Definition{Windows: windows, Pane: window.PaneOf(windows), Bands: window.DefaultBands(), Partitions: 1, Dimensions: window.BuiltinDimensions()}}
	conn := testkit.ClickHouse(t).Open()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, &e.def, time.Now()); err != nil {
		t.Fatal(err)
	}
	e.sink, e.store = clickhouse.NewSink(conn, 1, &e.def), clickhouse.NewAlerts(conn)
	c := testConfig()
	c.Poll, c.Recheck = 100*time.Millisecond, time.Second
	var err error
	e.service, err = New(c, Parts{Store: e.store, Facts: e.store, Epoch: clickhouse.NewReader(conn).Epoch, Threshold: 350, Satisfied: 400, Target: 0.95,
		Registerer: prometheus.NewRegistry(), Log: zerolog.Nop(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rate stores a version of a rating, with its arrival and the age that the rating had then.
func (e *engine) rate(customer, id string, rating int32, arrived time.Time, age time.Duration, change func(*event.Event)) {
	e.t.Helper()
	grid := e.def.Grid()
	ev := event.Event{RatingID: id, OccurredAt: arrived.Add(-age).UnixMilli(), CustomerID: customer, Service: "data_analysis", Rating: rating, Quality: event.NoQuality()}
	if change != nil {
		change(&ev)
	}
	e.offset++
	f := fact.New(&ev, 0, e.offset, arrived.UnixMilli(), grid.PaneOf(ev.OccurredAt))
	if err := e.sink.InsertFacts(e.t.Context(), []fact.Fact{f}); err != nil {
		e.t.Fatal(err)
	}
	checkpoint := owner.Checkpoint{Partition: 0, Cut: e.offset + 1, Definition: e.def.Hash()}
	if err := e.sink.InsertCheckpoints(e.t.Context(), []owner.Checkpoint{checkpoint}); err != nil {
		e.t.Fatal(err)
	}
}

// await waits until the alerts that are stored are as they should be.
func (e *engine) await(what string, ok func([]alert.Alert) bool) {
	e.t.Helper()
	var all []alert.Alert
	for range 200 {
		var err error
		if all, _, err = e.store.List(e.t.Context(), clickhouse.AlertFilter{}); err != nil {
			e.t.Fatal(err)
		}
		if ok(all) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	e.t.Fatalf("not %s: %+v", what, all)
}

// looks waits until the service has looked several times more.
func (e *engine) looks() {
	e.t.Helper()
	begin := time.Now()
	for range 200 {
		if testutil.ToFloat64(e.service.metrics.evaluated) > float64(begin.Add(1500*time.Millisecond).UnixMilli())/1000 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	e.t.Fatal("the service does not look")
}

func (e *engine) run() {
	e.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.service.Run(ctx) }()
	e.t.Cleanup(func() { cancel(); <-done })
}

func TestOnTheEngineOnlyFreshRatingsOpenAndCorrectionsAndErasuresWithdraw(t *testing.T) {
	e := newEngine(t)
	now := time.Now()
	checkpoint := owner.Checkpoint{Partition: 0, Definition: e.def.Hash()} // of a partition that was never read
	if err := e.sink.InsertCheckpoints(t.Context(), []owner.Checkpoint{checkpoint}); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		e.rate("old", fmt.Sprint("old-", i), 100, now, time.Duration(25+i)*time.Hour, nil) // a bad month, imported
	}
	e.rate("late", "late", 100, now.Add(-2*time.Hour), time.Minute, nil) // a consumer that catches up
	e.run()
	e.looks()
	e.await("without alerts", func(all []alert.Alert) bool { return len(all) == 0 })

	e.rate("c-1", "r-1", 200, now, time.Minute, nil)
	e.rate("c-2", "r-2", 300, now, time.Minute, nil)
	e.rate("c-3", "r-3", 300, now, time.Minute, func(ev *event.Event) { ev.Quarantined = true })
	e.rate("c-4", "r-4", 300, now, time.Minute, func(ev *event.Event) { ev.Staff = true })
	e.await("two alerts", func(all []alert.Alert) bool { return len(all) == 2 && all[0].State == alert.Open })
	e.rate("c-1", "r-1", 500, now.Add(time.Second), time.Minute+time.Second, func(ev *event.Event) { ev.Revision = 1 })
	e.rate("c-2", "r-2", 0, now.Add(time.Second), time.Minute+time.Second, func(ev *event.Event) { ev.Op = event.Erase })
	e.await("both withdrawn", func(all []alert.Alert) bool {
		return len(all) == 2 && all[0].Resolution == alert.Withdrawn && all[1].Resolution == alert.Withdrawn
	})
	e.looks()
	e.await("left alone", func(all []alert.Alert) bool { return all[0].Version == 2 && all[1].Version == 2 })
}

func TestOnTheEngineTheStandingRulesOpenAndRecover(t *testing.T) {
	e := newEngine(t)
	now := time.Now()
	for i := range 20 {
		e.rate("falling", fmt.Sprint("before-", i), 500, now.Add(-time.Duration(30+i)*24*time.Hour), 0, nil)
		e.rate("falling", fmt.Sprint("now-", i), 350+int32(i%2)*100, now.Add(-time.Duration(1+i)*24*time.Hour), 0, nil)
	}
	e.rate("mean", "m-1", 300, now.Add(-48*time.Hour), 0, nil)
	e.rate("mean", "m-2", 340, now.Add(-24*time.Hour), 0, nil)
	e.rate("mean", "m-3", 360, now, time.Minute, nil)
	e.rate("falling", "now", 350, now, time.Minute, nil)
	e.run()
	has := func(rule alert.Rule, state alert.State) func([]alert.Alert) bool {
		return func(all []alert.Alert) bool {
			n := 0
			for i := range all {
				if all[i].Rule == rule && all[i].State == state {
					n++
				}
			}
			return n == 1
		}
	}
	e.await("a low mean", has(alert.LowMean, alert.Open))
	e.await("a fall", has(alert.Falling, alert.Open))
	e.rate("mean", "m-4", 500, now, 30*time.Second, nil)
	e.await("a mean that recovered", has(alert.LowMean, alert.Resolved))
	for i := range 20 {
		e.rate("falling", fmt.Sprint("now-", i), 500, now, time.Duration(1+i)*24*time.Hour, func(ev *event.Event) { ev.Revision = 1 })
	}
	e.await("a fall that recovered", has(alert.Falling, alert.Resolved))
}
