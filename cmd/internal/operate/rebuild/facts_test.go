package rebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"satisflow/deploy/testkit"
	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

const facts = 4000

// running registers epoch 1 and gives it facts of 20 days, all below its checkpoints, and epoch 2 to be filled from them.
func running(t *testing.T, conn driver.Conn, now time.Time) (from, to clickhouse.Epoch) {
	t.Helper()
	ctx := t.Context()
	def := window.Definition{Bands: window.DefaultBands(), Dimensions: []string{window.Overall, window.Service}, Partitions: 2, Windows: []window.Spec{
		{Name: "1h", Length: time.Hour, Slide: 15 * time.Minute}, {Name: "1d", Length: 24 * time.Hour, Slide: 6 * time.Hour}}}
	def.Pane = window.PaneOf(def.Windows)
	_, err := clickhouse.Migrate(ctx, conn, clickhouse.MigrateOptions{})
	if err == nil {
		from, err = clickhouse.EnsureEpoch(ctx, conn, &def, now)
	}
	if err != nil {
		t.Fatal(err)
	}
	random, grid := rand.New(rand.NewPCG(1, 2)), def.Grid()
	all := make([]fact.Fact, facts)
	for i := range all {
		at := now.Add(-time.Duration(random.Int64N(int64(20 * 24 * time.Hour)))).UnixMilli()
		e := event.Event{RatingID: fmt.Sprint("r", i), CustomerID: fmt.Sprint("c", i%50), Service: []string{"a", "b"}[i%2], OccurredAt: at,
			Rating: int32(100 + 50*random.IntN(9)), Comment: "very good", Quality: event.NoQuality()}
		if i%20 == 0 {
			e.Op = event.Erase
		}
		all[i] = fact.New(&e, int32(i%2), int64(i), at, grid.PaneOf(at))
	}
	sink := clickhouse.NewSink(conn, 1, &def)
	var cuts []owner.Checkpoint
	for p := range def.Partitions {
		cuts = append(cuts, owner.Checkpoint{Partition: int32(p), Cut: facts, Watermark: now.UnixMilli(), FreshAt: now.UnixMilli(), Definition: def.Hash()})
	}
	if err := sink.InsertFacts(ctx, all); err != nil {
		t.Fatal(err)
	}
	if err := sink.InsertCheckpoints(ctx, cuts); err != nil {
		t.Fatal(err)
	}
	if to, err = clickhouse.BeginEpoch(ctx, conn, clickhouse.Epoch{Number: 2, Definition: def}, now); err != nil {
		t.Fatal(err)
	}
	return from, to
}

func partsOf(conn driver.Conn, log *bytes.Buffer) Parts {
	cfg := pipeline.DefaultConfig()
	cfg.CatchUpFacts, cfg.RetryMax = 500, time.Second // flushed often, so that the outage comes amid the copy
	return Parts{Conn: conn, Pipeline: cfg, Events: event.DefaultConfig(), Admission: admit.DefaultConfig(), Now: time.Now, ID: "test",
		Log: zerolog.New(zerolog.SyncWriter(log)).Level(zerolog.WarnLevel)}
}

// stored counts the facts of an epoch; none while ClickHouse is away.
func stored(t *testing.T, conn driver.Conn, epoch int) (n uint64) {
	t.Helper()
	_ = conn.QueryRow(t.Context(), fmt.Sprintf("SELECT count() FROM enterprise_customer_satisfaction FINAL WHERE epoch = %d", epoch)).Scan(&n)
	return n
}

func TestACopyOfTheFactsGoesOnAfterAnOutageOfClickHouse(t *testing.T) {
	engine := testkit.StartClickHouse(t, testkit.EngineOptions{})
	conn, now := engine.Open(), time.Now()
	from, to := running(t, conn, now)
	var log bytes.Buffer
	done := make(chan error, 1)
	var calls []Progress
	go func() {
		done <- FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(p Progress) { calls = append(calls, p) })
	}()
	before := uint64(0)
	for before == 0 {
		select {
		case err := <-done:
			t.Fatalf("the copy was over before the outage: %v", err)
		case <-time.After(5 * time.Millisecond):
			before = stored(t, conn, 2)
		}
	}
	engine.Kill()
	time.Sleep(1500 * time.Millisecond)
	engine.Start()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("the copy does not end\n%s", log.String())
	}
	if before >= facts || !strings.Contains(log.String(), `"what":"insert into `) || len(calls) == 0 || calls[len(calls)-1].Done != facts {
		t.Errorf("%d facts before the outage, progress %v, log %s", before, calls, log.String())
	}
	wantWhole(t, conn, now)
}

// wantWhole expects all facts in epoch 2, and the panes and windows that they give.
func wantWhole(t *testing.T, conn driver.Conn, now time.Time) {
	t.Helper()
	report, err := clickhouse.Verify(t.Context(), conn, 2, clickhouse.DefaultVerifyOptions(now))
	if n := stored(t, conn, 2); err != nil || n != facts || !report.OK() || report.Facts != facts || report.PaneRows == 0 || report.WindowRows == 0 {
		t.Errorf("%d facts of %d, verify: %+v, %v", n, facts, report, err)
	}
}

// brittle breaks the first reads of whole facts off.
type brittle struct {
	driver.Conn
	left  int // reads to break
	reads []string
}

func (b *brittle) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	rows, err := b.Conn.Query(ctx, query, args...)
	if err != nil || !strings.Contains(query, "record_timestamp") {
		return rows, err
	}
	b.reads = append(b.reads, query)
	if b.left--; b.left < 0 {
		return rows, nil
	}
	return &brokenRows{Rows: rows, left: facts / 3}, nil
}

// brokenRows end early, with an error.
type brokenRows struct {
	driver.Rows
	left int
}

func (r *brokenRows) Next() bool {
	r.left--
	return r.left >= 0 && r.Rows.Next()
}

func (r *brokenRows) Err() error { return io.ErrUnexpectedEOF }

func TestAReadOfTheFactsThatBreaksOffGoesOnWhereItWas(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	var log bytes.Buffer
	b := &brittle{Conn: conn, left: 2}
	if err := FromFacts(t.Context(), partsOf(b, &log), &from, &to, false, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	if len(b.reads) != 3 || b.reads[0] == b.reads[1] || b.reads[1] == b.reads[2] || !strings.Contains(log.String(), `"what":"read facts"`) {
		t.Errorf("%d reads, want three that begin at other times\n%s", len(b.reads), log.String())
	}
	wantWhole(t, conn, now)
}

// eraseIn stores the erasure of rating 1 in the epoch as a processor does that reads it at the offset, and its checkpoint.
func eraseIn(t *testing.T, conn driver.Conn, e *clickhouse.Epoch, of event.Event, offset int64, now time.Time) {
	t.Helper()
	of.Op = event.Erase
	def, ctx := &e.Definition, t.Context()
	store := clickhouse.NewStore(conn, e.Number, def)
	cfg := &owner.Config{Grid: def.Grid(), Bands: def.Bands, Definition: def.Hash(), ID: "test", Lateness: 2 * time.Minute, Retention: 760 * 24 * time.Hour, MaxBytes: 8 << 20}
	o, err := owner.Assign(ctx, cfg, store, 1, now.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	if n := o.Fold([]owner.Record{{Offset: offset, Timestamp: now.UnixMilli(), Event: of, Bytes: 100}}); n != 1 {
		t.Fatalf("folded %d records, want 1", n)
	}
	flusher := owner.Flusher{Store: store, Sink: clickhouse.NewSink(conn, e.Number, def), BlockRows: 10_000}
	if _, err := flusher.Flush(ctx, []*owner.Owner{o}, now.UnixMilli(), true); err != nil {
		t.Fatal(err)
	}
}

// firstLive is rating 1, which is in partition 1.
func firstLive(t *testing.T, conn driver.Conn) event.Event {
	t.Helper()
	e := event.Event{RatingID: "r1", CustomerID: "c1", Service: "b", Quality: event.NoQuality()}
	if err := conn.QueryRow(t.Context(), "SELECT toUnixTimestamp64Milli(occurred_at) FROM enterprise_customer_satisfaction WHERE epoch = 1 AND rating_id = 'r1'").Scan(&e.OccurredAt); err != nil {
		t.Fatal(err)
	}
	return e
}

// comment returns what rating 1 says in epoch 2.
func comment(t *testing.T, conn driver.Conn) (text string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "SELECT comment FROM enterprise_customer_satisfaction FINAL WHERE epoch = 2 AND rating_id = 'r1'").Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReadersDoNotGetBackWhatWasErasedWhileTheEpochRested(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	var log bytes.Buffer
	if err := FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	if comment(t, conn) == "" {
		t.Fatal("nothing was copied that could be erased")
	}
	e := firstLive(t, conn)
	eraseIn(t, conn, &from, e, facts, now)
	if n, err := clickhouse.NewErasures(conn, "").BlankOthers(t.Context()); err != nil || n != 1 || comment(t, conn) != "" {
		t.Errorf("%d ratings, %v: %q", n, err, comment(t, conn))
	}
	wantWhole(t, conn, now) // it still counts, in facts and sums alike
	for _, force := range []bool{false, true} {
		if _, err := Switch(t.Context(), conn, 2, SwitchOptions{Force: force, Missing: 1 << 40}, now); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "1 ratings that are erased in epoch 1 still count in epoch 2") {
			t.Errorf("force %v: %v", force, err)
		}
	}
	eraseIn(t, conn, &to, e, facts, now) // a processor goes on at the cut, and the erasure is the next record
	wantWhole(t, conn, now)
	if _, err := Switch(t.Context(), conn, 2, SwitchOptions{}, now); err != nil {
		t.Error(err)
	}
}

func TestWhatIsErasedWhileFactsAreCopiedLosesItsText(t *testing.T) {
	conn, now := testkit.ClickHouse(t).Open(), time.Now()
	from, to := running(t, conn, now)
	e := firstLive(t, conn)
	var log bytes.Buffer
	err := FromFacts(t.Context(), partsOf(conn, &log), &from, &to, false, func(Progress) { // all facts are read, some wait to be stored
		eraseIn(t, conn, &from, e, facts, now)
	})
	if text := comment(t, conn); err != nil || text != "" {
		t.Errorf("%v: %q is left", err, text)
	}
	wantWhole(t, conn, now)
}
