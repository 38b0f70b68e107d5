// Package acceptance tests satisflow whole, with the real Apache Kafka and the real ClickHouse engine, against the oracle
// that shares no code with package pipeline.
package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/deploy/testkit"
	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/deadletter"
	metrics "satisflow/sinks/prometheus"
)

// stack is a topic of its own, a database of its own, and pipelines over them in this process.
type stack struct {
	registry   *prometheus.Registry // of the pipeline that was started last
	t          testing.TB
	partitions int
	kafka      *testkit.KafkaCluster
	topic      string
	dead       string
	db         *testkit.ClickHouseDB
	conn       driver.Conn
	def        *window.Definition
	events     event.Config
	admission  admit.Config
	cfg        pipeline.Config
	producer   *source.Producer
}

func newStack(t testing.TB, partitions int) *stack {
	t.Helper()
	s := &stack{t: t, partitions: partitions, kafka: testkit.Kafka(t), db: testkit.ClickHouse(t), events: event.DefaultConfig(), admission: admit.DefaultConfig(), cfg: pipeline.DefaultConfig()}
	s.topic, s.dead = s.kafka.Topic(t, partitions), s.kafka.Topic(t, 1)
	s.conn = s.db.Open()
	s.def = &window.Definition{Windows: window.DefaultWindows(), Pane: 5 * time.Minute, Bands: window.DefaultBands(),
		Dimensions: window.BuiltinDimensions(), Partitions: partitions}
	for _, m := range s.events.Metrics() {
		s.def.Quality, s.def.Scales = append(s.def.Quality, m.Name), append(s.def.Scales, m.Scale())
	}
	if _, err := clickhouse.Migrate(t.Context(), s.conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.EnsureEpoch(t.Context(), s.conn, s.def, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.producer = s.newProducer(s.topic)
	return s
}

func (s *stack) cluster() source.Config {
	c := source.DefaultConfig()
	c.Brokers = s.kafka.Brokers
	return c
}

func (s *stack) newProducer(topic string) *source.Producer {
	s.t.Helper()
	cfg := source.DefaultProducerConfig()
	cfg.Topic, cfg.BatchRecords, cfg.MaxMessageBytes = topic, 5000, 1_040_000 // just under the topic's limit
	p, err := source.NewProducer(s.cluster(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = p.Close() })
	return p
}

// pipeline starts a member of the group; the returned function stops it.
func (s *stack) pipeline(id string) (*pipeline.Pipeline, func()) {
	s.t.Helper()
	log := zerolog.New(zerolog.NewTestWriter(s.t)).Level(zerolog.InfoLevel).With().Str("processor", id).Logger()
	group := source.DefaultGroupConfig()
	group.Topic, group.ID = s.topic, s.topic
	s.registry = prometheus.NewRegistry()
	m := metrics.NewMetrics(s.registry, admit.Reasons(), s.partitions)
	p := pipeline.New(s.cfg, pipeline.Parts{
		Definition: s.def, Events: s.events, Admission: s.admission, Source: source.NewGroup(s.cluster(), group, source.Hooks{}, log),
		Reader: func(p int32) pipeline.Reader {
			return source.NewReader(s.cluster(), source.DefaultReaderConfig(), s.topic, p, source.Hooks{}, log)
		},
		Store: clickhouse.NewStore(s.conn, 1, s.def), Sink: deadletter.New(clickhouse.NewSink(s.conn, 1, s.def), s.newProducer(s.dead), func() { s.t.Error("a dead letter was refused") }),
		Permanent: clickhouse.IsPermanent, Observer: m, Now: time.Now, ID: id, Log: log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("processor %s: %v", id, err)
		}
	}
	s.t.Cleanup(stop)
	return p, stop
}

// settle waits until every partition is checkpointed at the end of the topic.
func (s *stack) settle(within time.Duration) {
	s.t.Helper()
	client, err := source.NewClient(s.cluster())
	if err != nil {
		s.t.Fatal(err)
	}
	defer client.Close()
	deadline := time.Now().Add(within)
	for time.Now().Before(deadline) {
		_, last, err := client.Offsets(s.t.Context(), s.topic)
		if err == nil && s.durable(last) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("not at the end of the topic within %v", within)
}

func (s *stack) durable(last map[int32]int64) bool {
	cps, err := clickhouse.NewStore(s.conn, 1, s.def).Checkpoints(s.t.Context(), s.all())
	if err != nil {
		return false
	}
	for p, n := range last {
		if c, ok := cps[p]; !ok || c.Cut < n {
			return false
		}
	}
	return true
}

func (s *stack) all() (ps []int32) {
	for p := range s.partitions {
		ps = append(ps, int32(p))
	}
	return ps
}

// verify holds what is stored against the oracle and against SQL over the facts.
func (s *stack) verify(rules oracle.Rules) *oracle.Oracle {
	s.t.Helper()
	o := oracle.New(rules)
	if err := o.ReadTopic(s.t.Context(), s.kafka.Brokers[0], s.topic, s.partitions); err != nil {
		s.t.Fatal(err)
	}
	c, err := o.Compare(s.t.Context(), s.conn, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("oracle: %d good, %d bad; %s", o.Good, o.Bad, c)
	if c.Differences > 0 || c.Windows == 0 {
		s.t.Errorf("the oracle differs: %s", c)
	}
	r, err := clickhouse.Verify(s.t.Context(), s.conn, 1, clickhouse.DefaultVerifyOptions(time.Now()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("verify: %d facts, %d panes, %d windows, %d differ, %d conflicts, %d unsettled", r.Facts, r.PaneRows, r.WindowRows, r.Differing, r.ConflictCount, r.Unsettled)
	if !r.OK() {
		s.t.Errorf("verify: %+v", r.Differences)
	}
	return o
}
