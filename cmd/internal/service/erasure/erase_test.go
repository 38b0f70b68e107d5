package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/alert"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// bench is a database, and an eraser whose messages are stored at once as a processor would.
type bench struct {
	t      *testing.T
	conn   driver.Conn
	def    window.Definition
	epoch  uint32 // that the processor stores in
	offset int64
	sent   []event.Event
	late   time.Duration // added to the clock of the eraser
	*Eraser
}

func newBench(t *testing.T, conn driver.Conn) *bench {
	t.Helper()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, conn: conn, epoch: 1, offset: 1000}
	b.def = window.Definition{Bands: window.DefaultBands(), Dimensions: []string{window.Overall}, Partitions: 1, Windows: []window.Spec{{Name: "1h", Length: time.Hour, Slide: 15 * time.Minute}}}
	b.def.Pane = window.PaneOf(b.def.Windows)
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, &b.def, time.Now()); err != nil {
		t.Fatal(err)
	}
	b.Eraser = b.eraser(nil, clickhouse.NewAlerts(conn))
	return b
}

func (b *bench) eraser(key []byte, text AlertText) *Eraser {
	cfg := DefaultConfig()
	cfg.Settle, cfg.Poll, cfg.RetryInterval = 10*time.Millisecond, 10*time.Millisecond, 100*time.Millisecond
	return New(cfg, Parts{Store: clickhouse.NewErasures(b.conn, ""), Producer: b, Ends: func(context.Context) (map[int32]int64, error) { return nil, nil },
		Events: event.DefaultConfig(), Alerts: text, CustomerKey: key, Now: func() time.Time { return time.Now().Add(b.late) }})
}

// Produce stores the erasures.
func (b *bench) Produce(ctx context.Context, messages ...source.Message) error {
	for i := range messages {
		var ev event.Event
		if err := event.NewDecoder(event.DefaultConfig()).Decode(messages[i].Value, nil, &ev); err != nil {
			return err
		}
		b.sent = append(b.sent, ev)
		if err := b.store(ctx, b.epoch, &ev); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) store(ctx context.Context, epoch uint32, ev *event.Event) error {
	b.offset++
	grid := b.def.Grid()
	f := fact.New(ev, 0, b.offset, time.Now().UnixMilli(), grid.PaneOf(ev.OccurredAt))
	return clickhouse.NewSink(b.conn, epoch, &b.def).InsertFacts(ctx, []fact.Fact{f})
}

const secretText = "marker-7f3a9c51e08b" // short enough to stand as it is in a compressed block

// rated stores a rating of the customer with the text.
func (b *bench) rated(epoch uint32, id, customer string) {
	b.t.Helper()
	e := event.Event{RatingID: id, CustomerID: customer, Service: "data_analysis", OccurredAt: time.Now().Add(-time.Hour).UnixMilli(), Rating: 400, Comment: secretText, Quality: event.NoQuality()}
	if err := b.store(b.t.Context(), epoch, &e); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) rejected(epoch uint32, records ...string) {
	b.t.Helper()
	var rows []owner.DeadLetter
	for _, r := range records {
		b.offset++
		rows = append(rows, owner.DeadLetter{Offset: b.offset, Reason: "bad_json", Timestamp: time.Now().UnixMilli(), Value: []byte(r)})
	}
	if err := clickhouse.NewSink(b.conn, epoch, &b.def).InsertDeadLetters(b.t.Context(), rows); err != nil {
		b.t.Fatal(err)
	}
}

// commented stores an alert about the customer, which somebody has written about.
func (b *bench) commented(id, customer string) {
	b.t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	a := alert.Alert{ID: id, Version: 1, Rule: alert.LowRating, Subject: alert.Subject{Dimension: clickhouse.Customer, Value: customer}, Severity: alert.Minor, State: alert.Resolved,
		OpenedAt: at, UpdatedAt: at, ResolvedAt: at, Resolution: secretText}
	e := alert.Entry{Version: 1, At: at, By: "ann", Action: alert.Resolve, Comment: secretText}
	if err := clickhouse.NewAlerts(b.conn).Put(b.t.Context(), []alert.Change{{Alert: a, Entry: e}}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) exec(sql string) {
	b.t.Helper()
	if err := b.conn.Exec(b.t.Context(), sql); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
}

// texts counts the rows with the text in every table and part, replaced ones included.
func (b *bench) texts() map[string]uint64 {
	b.t.Helper()
	found := map[string]uint64{}
	for _, table := range []string{"enterprise_customer_satisfaction", "dead_letters", "customer_satisfaction_alerts", "customer_satisfaction_alert_entries"} {
		var n uint64
		if err := b.conn.QueryRow(b.t.Context(), "SELECT countIf(position(toString(tuple(*)), '"+secretText+"') > 0) FROM "+table).Scan(&n); err != nil {
			b.t.Fatal(err)
		}
		if n > 0 {
			found[table] = n
		}
	}
	return found
}

func (b *bench) state(id string) clickhouse.ErasureState {
	b.t.Helper()
	e, err := b.parts.Store.Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return e.State
}

func (b *bench) begin(ids ...string) *Job {
	b.t.Helper()
	j, err := b.Begin(b.t.Context(), Request{Kind: KindCustomer, IDs: ids, By: "test"})
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

func (b *bench) tell(text string) { b.t.Log(text) }

func TestAnErasureWhoseMergeFailsStaysOpenUntilALookFindsNothing(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	b.rated(1, "r0", "c0")
	b.exec("SYSTEM STOP MERGES enterprise_customer_satisfaction")
	s := NewService(b.Eraser, prometheus.NewRegistry(), zerolog.New(zerolog.NewTestWriter(t)))
	entry, err := s.Erase(t.Context(), Request{Kind: KindCustomer, IDs: []string{"c0"}, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.finish(t.Context(), <-s.jobs)
	if got := b.state(entry.ID); got != clickhouse.ErasureDurable || len(b.texts()) == 0 {
		t.Fatalf("after a merge that failed: %s, text in %v; want durable, and text", got, b.texts())
	}
	if open, err := b.tidy(t.Context()); err != nil || open != 1 {
		t.Errorf("%d open, %v; want one", open, err)
	}
	b.exec("SYSTEM START MERGES enterprise_customer_satisfaction")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); b.state(entry.ID) != clickhouse.ErasureFinished && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
	}
	cancel()
	if err := <-done; err != nil || b.state(entry.ID) != clickhouse.ErasureFinished || len(b.texts()) > 0 {
		t.Errorf("once merges work: %v, %s, text in %v; want finished, by itself", err, b.state(entry.ID), b.texts())
	}
}

func TestAnErasureThatIsAskedForAgainMuchLaterLooksAtWhatWasErasedThen(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	b.rated(1, "r0", "c0")
	b.exec("SYSTEM STOP MERGES enterprise_customer_satisfaction")
	first := b.begin("c0") // broken off here
	b.late = 3 * time.Hour
	second := b.begin("c0")
	if err := b.Finish(t.Context(), second, b.tell); err == nil || b.state(second.ID) == clickhouse.ErasureFinished {
		t.Errorf("with merges stopped: %v, %s", err, b.state(second.ID))
	}
	b.exec("SYSTEM START MERGES enterprise_customer_satisfaction")
	third := b.begin("c0")
	if err := b.Finish(t.Context(), third, b.tell); err != nil || len(b.texts()) > 0 {
		t.Errorf("%v, text in %v", err, b.texts())
	}
	if open, err := b.tidy(t.Context()); err != nil || open != 0 || b.state(first.ID) != clickhouse.ErasureFinished {
		t.Errorf("%d open, %v, the first is %s", open, err, b.state(first.ID))
	}
}

// failing refuses a step of an erasure.
type failing struct{ err error }

func (f failing) EraseText(context.Context, clickhouse.Subjects) (uint64, error) { return 0, f.err }

func TestAnErasureThatMissesAStepIsNotFinished(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	b.commented("a", "c0")
	refused := errors.New("refused")
	b.Eraser = b.eraser(nil, failing{refused})
	if j := b.begin("c0"); !errors.Is(b.Finish(t.Context(), j, b.tell), refused) || b.state(j.ID) != clickhouse.ErasureAsked {
		t.Errorf("with a step refused: %s", b.state(j.ID))
	}
	b.Eraser = b.eraser(nil, failing{}) // says done and does nothing
	j := b.begin("c0")
	if err := b.Finish(t.Context(), j, b.tell); !errors.Is(err, errLeft) || b.state(j.ID) == clickhouse.ErasureFinished {
		t.Errorf("with a step that says done: %v, %s", err, b.state(j.ID))
	}
}

// putsBack is an action of a gateway that had read an alert before its text was erased.
type putsBack struct {
	*clickhouse.Alerts
	b     *bench
	times int
}

func (p *putsBack) EraseText(ctx context.Context, of clickhouse.Subjects) (uint64, error) {
	n, err := p.Alerts.EraseText(ctx, of)
	if p.times--; p.times >= 0 {
		p.b.commented("a", "c0")
	}
	return n, err
}

func TestTextThatAGatewayPutsBackIsErasedAgain(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	b.commented("a", "c0")
	b.Eraser = b.eraser(nil, &putsBack{clickhouse.NewAlerts(b.conn), b, 2})
	if err := b.Finish(t.Context(), b.begin("c0"), b.tell); err != nil || len(b.texts()) > 0 {
		t.Errorf("%v, text in %v", err, b.texts())
	}
	b.commented("a", "c0")
	b.Eraser = b.eraser(nil, &putsBack{clickhouse.NewAlerts(b.conn), b, 1 << 30})
	if j := b.begin("c0"); b.Finish(t.Context(), j, b.tell) == nil || b.state(j.ID) == clickhouse.ErasureFinished {
		t.Error("finished while a gateway keeps putting text back")
	}
}

// switches lets readers follow another epoch amid an erasure.
type switches struct {
	*clickhouse.Alerts
	b        *bench
	customer string
	done     bool
}

func (s *switches) EraseText(ctx context.Context, of clickhouse.Subjects) (uint64, error) {
	n, err := s.Alerts.EraseText(ctx, of)
	if !s.done {
		s.done = true
		s.b.rated(2, "r1", s.customer) // which a processor there has admitted meanwhile
		err = errors.Join(err, clickhouse.SwitchEpoch(ctx, s.b.conn, 2, time.Now()))
		s.b.epoch = 2
	}
	return n, err
}

func TestAnErasureFollowsASwitchOfEpochs(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	b.rated(1, "r0", "c0")
	if _, err := clickhouse.BeginEpoch(t.Context(), b.conn, clickhouse.Epoch{Number: 2, Definition: b.def}, time.Now()); err != nil {
		t.Fatal(err)
	}
	b.rated(2, "r0", "c0")
	b.Eraser = b.eraser(nil, &switches{Alerts: clickhouse.NewAlerts(b.conn), b: b, customer: "c0"})
	j := b.begin("c0")
	if err := b.Finish(t.Context(), j, b.tell); err != nil || len(b.texts()) > 0 {
		t.Errorf("%v, text in %v", err, b.texts())
	}
	left, err := b.parts.Store.Ratings(t.Context(), 2, clickhouse.Subjects{Customers: []string{"c0"}})
	if err != nil || len(left) != 2 || slices.ContainsFunc(left, func(r clickhouse.StoredRating) bool { return !r.Erased }) {
		t.Errorf("in the epoch that readers follow now: %+v, %v; want two that are erased", left, err)
	}
}

func TestARejectedRatingGetsItsErasure(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	future := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	b.rejected(1,
		fmt.Sprintf(`{"rating_id":"r1","occurred_at":%q,"customer_id":"c0","service":"unheard_of","rating":4}`, at),
		fmt.Sprintf(`{"rating_id":"r2","occurred_at":%q,"customer_id":"c0","service":"data_analysis","rating":12}`, at),
		fmt.Sprintf(`{"rating_id":"r2","occurred_at":%q,"customer_id":"c0","service":"data_analysis","rating":13}`, at),
		fmt.Sprintf(`{"rating_id":"r3","occurred_at":%q,"customer_id":"c0","service":"data_analysis","rating":4}`, future), // its erasure would be rejected too
		fmt.Sprintf(`{"rating_id":"r4","occurred_at":%q,"customer_id":"c0","service":"data_analysis","rating":`, at),       // no event under any rules
		fmt.Sprintf(`{"rating_id":"r5","occurred_at":%q,"customer_id":"c1","service":"unheard_of","rating":4}`, at))
	request := Request{Kind: KindCustomer, IDs: []string{"c0"}, By: "test"}
	if found, err := b.Find(t.Context(), request); err != nil || len(found.Tombstones) != 2 || found.DeadLetters != 5 {
		t.Errorf("found %+v, %v; want erasures of r1 and r2, and 5 dead letters", found, err)
	}
	j := b.begin("c0")
	if err := b.Finish(t.Context(), j, b.tell); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, ev := range b.sent {
		if ev.Op != event.Erase || ev.CustomerID != "c0" {
			t.Errorf("sent %+v", ev)
		}
		sent = append(sent, ev.RatingID)
	}
	slices.Sort(sent)
	if !slices.Equal(sent, []string{"r1", "r2"}) || j.Ratings != 2 || j.DeadLetters != 5 {
		t.Errorf("sent erasures of %v, audit %d ratings, %d dead letters; want r1 and r2, 2, 5", sent, j.Ratings, j.DeadLetters)
	}
	if n, err := clickhouse.NewDeadLetters(b.conn, 1).List(t.Context(), clickhouse.DeadLetterFilter{}); err != nil || len(n) != 1 {
		t.Errorf("%d dead letters are left, %v; want c1's", len(n), err)
	}
	b.sent = nil
	if err := b.Finish(t.Context(), b.begin("c0"), b.tell); err != nil || len(b.sent) > 0 {
		t.Errorf("asked again: %v, sent %v", err, b.sent)
	}
}

func TestWithoutTheKeyAnErasureSaysThatItCannotKnow(t *testing.T) {
	b := newBench(t, testkit.ClickHouse(t).Open())
	stored := admit.Pseudonym(secret, "c0")
	b.rated(1, "r0", stored)
	b.rejected(1, `{"customer_id":"c0","comment":"`+secretText+`"`)
	r := Request{Kind: KindCustomer, IDs: []string{"c0"}, By: "test"}
	if _, err := b.Find(t.Context(), r); !errors.Is(err, ErrBlind) {
		t.Errorf("find: %v", err)
	}
	if _, err := b.Begin(t.Context(), r); !errors.Is(err, ErrBlind) {
		t.Errorf("begin: %v", err)
	}
	j := b.begin(stored)
	if err := b.Finish(t.Context(), j, b.tell); !errors.Is(err, ErrBlind) {
		t.Errorf("the pseudonym alone: %v", err)
	}
	if open, err := b.tidy(t.Context()); err != nil || open != 1 || b.state(j.ID) != clickhouse.ErasureAsked {
		t.Errorf("%d open, %v, %s", open, err, b.state(j.ID))
	}
	b.Eraser = b.eraser(secret, clickhouse.NewAlerts(b.conn))
	for _, id := range []string{stored, "c0"} {
		b.rejected(1, `{"customer_id":"c0","comment":"`+secretText+`"`)
		if err := b.Finish(t.Context(), b.begin(id), b.tell); err != nil || len(b.texts()) > 0 {
			t.Errorf("with the key, by %s: %v, text in %v", id, err, b.texts())
		}
	}
}

// forms are records that name a customer, and hold the text.
func forms(customer string) []string {
	json := fmt.Sprintf(`{"customer_id":%q,"comment":%q}`, customer, secretText)
	return []string{
		json, "[" + json + "]", json[:len(json)-2], strings.Replace(json, "customer_id", "customerId", 1), strings.ReplaceAll(json, `"`, "'"),
		strings.Replace(json, customer, " "+customer+" ", 1), fmt.Sprintf(`{"payload":%q}`, json), fmt.Sprintf(`{"data":{"data":%s}}`, json),
		"customer_id=" + customer + "&comment=" + secretText, "<c>" + customer + "</c>" + secretText, fmt.Sprintf(`{"customer_id":"x",%s`, json[1:]),
	}
}

func TestAfterAnErasureNoFileOfTheDatabaseHoldsTheTextOrNamesTheCustomerInAStatement(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "clickhouse")
	b := newBench(t, testkit.StartClickHouse(t, testkit.EngineOptions{Dir: dir}).Database().Open())
	for _, table := range []string{"enterprise_customer_satisfaction", "dead_letters", "customer_satisfaction_alerts", "customer_satisfaction_alert_entries"} {
		b.exec("ALTER TABLE " + table + " MODIFY SETTING old_parts_lifetime = 0, cleanup_delay_period = 1, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1")
		b.exec("DETACH TABLE " + table)
		b.exec("ATTACH TABLE " + table)
	}
	const customer = "ann-5b1e@example.com"
	for n, state := range map[uint32]clickhouse.EpochState{2: clickhouse.Building, 3: clickhouse.Retired} {
		if err := clickhouse.PutEpoch(t.Context(), b.conn, clickhouse.Epoch{Number: n, State: state, Definition: b.def}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for epoch := range uint32(3) {
		for i := range 3 {
			b.rated(epoch+1, fmt.Sprint("r", i), customer)
			b.rated(epoch+1, fmt.Sprint("r", i), customer)
		}
		b.rejected(epoch+1, forms(customer)...)
	}
	b.commented("a", customer)
	if len(holding(t, dir, secretText)) == 0 {
		t.Fatal("no file holds the text: the test would not see it")
	}
	// Readers are switched to another epoch amid it.
	b.Eraser = b.eraser(nil, &switches{Alerts: clickhouse.NewAlerts(b.conn), b: b, customer: customer})
	if err := b.Finish(t.Context(), b.begin(customer), b.tell); err != nil {
		t.Fatal(err)
	}
	var left []string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if left = holding(t, dir, secretText); len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("the text stands in %v; in tables %v", left, b.texts())
	}
	for _, path := range holding(t, dir, customer) { // the erased rows name the customer, and an alert does, each in its data
		if strings.Contains(filepath.Base(path), "mutation") || !strings.Contains(path, "/store/") {
			t.Errorf("%s names the customer", path)
		}
	}
}

// holding returns the files under the folder that hold the text.
func holding(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // parts come and go meanwhile
		}
		if content, err := os.ReadFile(path); err == nil && bytes.Contains(content, []byte(text)) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
