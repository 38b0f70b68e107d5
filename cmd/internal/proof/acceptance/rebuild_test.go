package acceptance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/operate/rebuild"
	"satisflow/cmd/internal/proof/oracle"
	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
	metrics "satisflow/sinks/prometheus"
)

// rebuilding is a stack on which epochs are built.
type rebuilding struct {
	*stack
	generator *eventgen.Generator
	now       time.Time
}

func newRebuilding(t *testing.T) *rebuilding {
	s := newStack(t, 2)
	cfg := eventgen.DefaultConfig()
	now := time.Now()
	cfg.Start, cfg.Rate, cfg.Customers = now.Add(-30*time.Minute), 1, 50
	cfg.Late, cfg.Lateness = 0.2, 20*24*time.Hour
	cfg.Duplicates, cfg.Corrections, cfg.Erasures, cfg.Bad = 0.05, 0.1, 0.05, 0.03
	return &rebuilding{s, eventgen.New(cfg), now}
}

// send produces the records up to the time.
func (r *rebuilding) send(until time.Time) (n int) {
	r.t.Helper()
	var messages []source.Message
	for it := range r.generator.Until(until) {
		messages = append(messages, source.Message{Key: it.Key, Value: it.JSON, Time: it.At})
	}
	if err := r.producer.Produce(r.t.Context(), messages...); err != nil {
		r.t.Fatal(err)
	}
	return len(messages)
}

func (r *rebuilding) parts(topic string) rebuild.Parts {
	return rebuild.Parts{Conn: r.conn, Pipeline: r.cfg, Events: r.events, Admission: admit.DefaultConfig(), Kafka: r.cluster(),
		Reader: source.DefaultReaderConfig(), Topic: topic, Now: time.Now, ID: "rebuild", Log: zerolog.New(zerolog.NewTestWriter(r.t)).Level(zerolog.WarnLevel)}
}

// process runs a processor of the epoch on the topic until it is at the topic's end.
func (r *rebuilding) process(e clickhouse.Epoch, topic string) {
	r.t.Helper()
	log := zerolog.New(zerolog.NewTestWriter(r.t)).Level(zerolog.WarnLevel)
	static := source.DefaultStaticConfig()
	static.Topic, static.GroupID = topic, ""
	for i := range e.Definition.Partitions {
		static.Partitions = append(static.Partitions, int32(i))
	}
	p := pipeline.New(r.cfg, pipeline.Parts{
		Definition: &e.Definition, Events: r.events, Admission: admit.DefaultConfig(), Source: source.NewStatic(r.cluster(), static, source.Hooks{}, log),
		Reader: func(p int32) pipeline.Reader {
			return source.NewReader(r.cluster(), source.DefaultReaderConfig(), topic, p, source.Hooks{}, log)
		},
		Store: clickhouse.NewStore(r.conn, e.Number, &e.Definition), Sink: clickhouse.NewSink(r.conn, e.Number, &e.Definition),
		Permanent: clickhouse.IsPermanent, Observer: metrics.NewMetrics(prometheus.NewRegistry(), admit.Reasons(), e.Definition.Partitions),
		Now: time.Now, ID: "processor", Log: log,
	})
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	r.atEnd(e, topic)
	cancel()
	if err := <-done; err != nil {
		r.t.Fatal(err)
	}
}

// atEnd waits until the epoch is durable up to the end of the topic.
func (r *rebuilding) atEnd(e clickhouse.Epoch, topic string) {
	r.t.Helper()
	client, err := source.NewClient(r.cluster())
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	_, last, err := client.Offsets(r.t.Context(), topic)
	if err != nil {
		r.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		checkpoints, err := clickhouse.EpochCheckpoints(r.t.Context(), r.conn, &e)
		if err != nil {
			r.t.Fatal(err)
		}
		durable := len(checkpoints) == len(last)
		for p, c := range checkpoints {
			durable = durable && c.Cut >= last[p]
		}
		switch {
		case durable:
			return
		case time.Now().After(end):
			r.t.Fatalf("epoch %d is not at the end of %s: %+v", e.Number, topic, checkpoints)
		}
	}
}

// hold compares the epoch with the oracle's view of the topic and with SQL over its facts.
func (r *rebuilding) hold(e clickhouse.Epoch, topic string) clickhouse.Totals {
	r.t.Helper()
	o := oracle.New(rulesOf(&e.Definition))
	if err := o.ReadTopic(r.t.Context(), r.kafka.Brokers[0], topic, e.Definition.Partitions); err != nil {
		r.t.Fatal(err)
	}
	c, err := o.Compare(r.t.Context(), r.conn, e.Number)
	if err != nil {
		r.t.Fatal(err)
	}
	if c.Differences > 0 || c.Windows == 0 {
		r.t.Errorf("epoch %d, the oracle differs: %s", e.Number, c)
	}
	r.verified(e)
	totals, err := clickhouse.EpochTotals(r.t.Context(), r.conn, &e)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("epoch %d: %+v; oracle %s", e.Number, totals, c)
	return totals
}

func (r *rebuilding) verified(e clickhouse.Epoch) {
	r.t.Helper()
	report, err := clickhouse.Verify(r.t.Context(), r.conn, e.Number, clickhouse.DefaultVerifyOptions(time.Now()))
	if err != nil {
		r.t.Fatal(err)
	}
	if !report.OK() || report.PaneRows == 0 || report.WindowRows == 0 || report.Unsettled > 0 {
		r.t.Errorf("epoch %d: %+v", e.Number, report)
	}
}

// rulesOf are the default rules with the band of the definition.
func rulesOf(def *window.Definition) oracle.Rules {
	rules := oracle.DefaultRules()
	rules.Satisfied = int64(def.Bands.Satisfied)
	return rules
}

func (r *rebuilding) current() clickhouse.Epoch {
	r.t.Helper()
	e, found, err := clickhouse.CurrentEpoch(r.t.Context(), r.conn)
	if err != nil || !found {
		r.t.Fatalf("current epoch: %v, %v", found, err)
	}
	return e
}

func TestOtherBandsAreRefusedThenRebuiltSwitchedAndGoOn(t *testing.T) {
	r := newRebuilding(t)
	ctx := t.Context()
	sent := r.send(r.now.Add(-10 * time.Minute))
	first := r.current()
	r.process(first, r.topic)
	before := r.hold(first, r.topic)

	def := *r.def
	def.Bands.Satisfied = 420
	if _, err := clickhouse.EnsureEpoch(ctx, r.conn, &def, time.Now()); err == nil || !strings.Contains(err.Error(), "satisflow rebuild --epoch 2") {
		t.Fatalf("another band: %v, want the way to do it", err)
	}
	for i, fill := range []func(to *clickhouse.Epoch) error{
		func(to *clickhouse.Epoch) error {
			_, err := rebuild.FromTopic(ctx, r.parts(r.topic), &first, to, func(rebuild.Progress) {})
			return err
		},
		func(to *clickhouse.Epoch) error {
			parts := r.parts("")
			parts.Pipeline.CatchUpFacts = 50 // flushes amid the copy
			broken, cancel := context.WithCancel(ctx)
			if err := rebuild.FromFacts(broken, parts, &first, to, false, func(rebuild.Progress) { cancel() }); err == nil {
				t.Error("a copy that was broken off says that it is whole")
			}
			if _, err := clickhouse.UseEpoch(ctx, r.conn, to.Number, &def); err == nil {
				t.Error("a processor may work on an epoch of which the copy was broken off")
			}
			return rebuild.FromFacts(ctx, parts, &first, to, false, func(rebuild.Progress) {})
		},
	} {
		_, to, err := rebuild.Begin(ctx, r.conn, uint32(i+2), &def, logid.ID{}, false, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := clickhouse.UseEpoch(ctx, r.conn, to.Number, &def); err == nil {
			t.Error("a processor may work on an epoch that is not filled")
		}
		if _, err := rebuild.Switch(ctx, r.conn, to.Number, rebuild.SwitchOptions{Force: true, Missing: 1 << 40}, time.Now()); err == nil {
			t.Error("readers may follow an epoch that is not filled")
		}
		if err := fill(&to); err != nil {
			t.Fatal(err)
		}
		after := r.hold(to, r.topic)
		if after.Ratings != before.Ratings || after.Facts != before.Facts || after.RatingSum != before.RatingSum || after.Satisfied >= before.Satisfied {
			t.Errorf("epoch %d holds %+v, epoch 1 %+v", to.Number, after, before)
		}
	}
	if r.current().Number != 1 {
		t.Error("readers switched by themselves")
	}

	more := r.send(r.now)
	e, err := clickhouse.EnsureEpoch(ctx, r.conn, &def, time.Now())
	if err != nil || e.Number != 3 {
		t.Fatalf("a processor of the new configuration works on epoch %d, %v: want the one that was filled last", e.Number, err)
	}
	r.process(e, r.topic)
	if was, err := rebuild.Switch(ctx, r.conn, e.Number, rebuild.SwitchOptions{}, time.Now()); err != nil || was != 1 || r.current().Number != 3 {
		t.Fatalf("switch from %d to %d, %v", was, r.current().Number, err)
	}
	if after := r.hold(e, r.topic); after.Facts <= before.Facts {
		t.Errorf("%d records, then %d: %d facts, then %d", sent, more, before.Facts, after.Facts)
	}
	if _, err := clickhouse.EnsureEpoch(ctx, r.conn, r.def, time.Now()); err == nil {
		t.Error("a processor of the old configuration may go on")
	}
	if err := rebuild.Drop(ctx, r.conn, "", 3, true, time.Now()); err == nil {
		t.Error("the current epoch may be dropped")
	}
	written, err := clickhouse.LastWritten(ctx, r.conn, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := rebuild.Drop(ctx, r.conn, "", 1, false, written.Add(10*time.Second)); err == nil {
		t.Error("an epoch may be dropped that was written a moment ago")
	}
	for _, number := range []uint32{1, 2} {
		if err := rebuild.Drop(ctx, r.conn, "", number, false, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"enterprise_customer_satisfaction", "satisfaction_panes", "satisfaction_windows", "pipeline_checkpoints"} {
			var rows uint64
			if err := r.conn.QueryRow(ctx, fmt.Sprintf("SELECT count() FROM %s WHERE epoch = %d", table, number)).Scan(&rows); err != nil || rows > 0 {
				t.Errorf("%d rows of epoch %d are left in %s, %v", rows, number, table, err)
			}
		}
	}
	r.hold(e, r.topic)
}

func TestFactsMoveToANewTopicOfMorePartitions(t *testing.T) {
	r := newRebuilding(t)
	ctx := t.Context()
	r.send(r.now.Add(-10 * time.Minute))
	first := r.current()
	r.process(first, r.topic)
	before := r.hold(first, r.topic)

	const partitions = 3
	def := *r.def
	def.Partitions = partitions
	if _, _, err := rebuild.Begin(ctx, r.conn, 2, &def, logid.ID{}, false, time.Now()); err == nil || !strings.Contains(err.Error(), "--new-topic") {
		t.Fatalf("another number of partitions: %v, want the way to do it", err)
	}
	_, to, err := rebuild.Begin(ctx, r.conn, 2, &def, logid.ID{}, true, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	hashed := r.parts("")
	hashed.Events.CustomerIDs = "hmac"
	if err := rebuild.FromFacts(ctx, hashed, &first, &to, true, func(rebuild.Progress) {}); err == nil || !strings.Contains(err.Error(), "customer_ids: hmac") {
		t.Errorf("hashed customers: %v, want the reason why not", err)
	}
	if err := rebuild.FromFacts(ctx, r.parts(""), &first, &to, true, func(rebuild.Progress) {}); err != nil {
		t.Fatal(err)
	}
	r.verified(to)
	after, err := clickhouse.EpochTotals(ctx, r.conn, &to)
	if err != nil || after.Sums != before.Sums || after.Facts != before.Facts {
		t.Errorf("epoch 2 holds %+v, epoch 1 %+v, %v", after, before, err)
	}

	// The new topic goes on with corrections and erasures of ratings that it never saw. In all, that is as if it had
	// been one topic from the start.
	whole := r.kafka.Topic(t, partitions)
	copyTopic(t, r, r.topic, whole)
	topic := r.kafka.Topic(t, partitions)
	r.producer = r.newProducer(topic)
	r.send(r.now)
	copyTopic(t, r, topic, whole)
	r.process(to, topic)
	r.verified(to)
	_, replayed, err := rebuild.Begin(ctx, r.conn, 3, &def, logid.ID{}, true, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rebuild.FromTopic(ctx, r.parts(whole), &first, &replayed, func(rebuild.Progress) {}); err != nil {
		t.Fatal(err)
	}
	want := r.hold(replayed, whole)
	if got, err := clickhouse.EpochTotals(ctx, r.conn, &to); err != nil || got.Sums != want.Sums || got.Facts != want.Facts || got.Erased != want.Erased {
		t.Errorf("epoch 2 went on to %+v, %v; one topic from the start gives %+v", got, err, want)
	}
}

// copyTopic appends all records of a topic to another.
func copyTopic(t *testing.T, r *rebuilding, from, to string) {
	t.Helper()
	client, err := source.NewClient(r.cluster())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, last, err := client.Offsets(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	var messages []source.Message
	for p, end := range last {
		ctx, cancel := context.WithCancel(t.Context())
		if end == 0 {
			cancel()
			continue
		}
		reader := source.NewReader(r.cluster(), source.DefaultReaderConfig(), from, p, source.Hooks{}, zerolog.Nop())
		err := reader.Run(ctx, 0, func(_ context.Context, b source.Batch) error {
			for _, rec := range b.Records {
				messages = append(messages, source.Message{Key: append([]byte{}, rec.Key...), Value: append([]byte{}, rec.Value...), Time: rec.Timestamp})
			}
			if b.Next >= end {
				cancel()
			}
			return nil
		})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.newProducer(to).Produce(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
}
