package chaos

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit/realkafka"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/clickhouse/engine"
)

const (
	topic     = "ratings"
	deadTopic = "ratings.dead"
	epoch     = 1
	blockRows = 100 // few, so that a flush has many inserts to be struck at
)

// stack is the parts of a run.
type stack struct {
	cfg   *Config
	dir   string
	begin time.Time
	abort context.CancelCauseFunc // ends the run

	broker     *broker
	engine     *engine.Process
	startTo    engine.StartConfig
	processors []*processor
	conn       driver.Conn // past the proxies
	client     *source.Client
	teardown   []func() error
	faults     faults

	mu       sync.Mutex
	failures []string
}

// open starts everything but the processors. Close the stack, also after an error.
func (s *stack) open(ctx context.Context) error {
	places, err := s.links()
	if err != nil {
		return err
	}
	if s.broker, err = newBroker(ctx, s.cfg, s.dir, places); err != nil {
		return fmt.Errorf("prepare the broker: %w", err)
	}
	if err := s.openEngine(ctx); err != nil {
		return err
	}
	if err := s.broker.start(ctx); err != nil {
		return fmt.Errorf("start the broker: %w", err)
	}
	s.teardown = append(s.teardown, s.broker.kill)
	if err := s.openLinks(places); err != nil {
		return err
	}
	if s.client, err = source.NewClient(s.cluster()); err != nil {
		return err
	}
	s.teardown = append(s.teardown, func() error { s.client.Close(); return nil })
	if err := s.createTopics(ctx, topic, deadTopic); err != nil {
		return err
	}
	s.conn, err = s.database(ctx, "satisflow")
	return err
}

func (s *stack) openEngine(ctx context.Context) error {
	library, err := engine.Library(ctx, engine.LibraryConfig{Progress: s.cfg.Progress})
	if err != nil {
		return err
	}
	port, err := realkafka.FreePort()
	if err != nil {
		return err
	}
	config := engine.DefaultConfig()
	config.Library, config.Dir, config.Token = library, filepath.Join(s.dir, "clickhouse"), rand.Text()
	config.Listen = fmt.Sprintf("127.0.0.1:%d", port)
	args := append(s.cfg.Program[1:len(s.cfg.Program):len(s.cfg.Program)], "clickhouse")
	s.startTo = engine.StartConfig{Config: config, Path: s.cfg.Program[0], Args: args, Env: s.cfg.Env, ReadyTimeout: startTime}
	if err := s.startEngine(ctx); err != nil {
		return err
	}
	s.teardown = append(s.teardown, func() error { return s.engine.Kill() })
	return nil
}

// startEngine starts the engine on its address and its data, as often as it is needed.
func (s *stack) startEngine(ctx context.Context) error {
	started, err := engine.Start(ctx, s.startTo)
	if err != nil {
		return fmt.Errorf("start ClickHouse: %w", err)
	}
	s.engine = started
	return nil
}

func (s *stack) cluster() source.Config {
	c := source.DefaultConfig()
	c.Brokers = []string{s.broker.address}
	return c
}

// createTopics creates a topic for ratings and one for its dead letters; both take whatever the load sends.
func (s *stack) createTopics(ctx context.Context, names ...string) error {
	specs := make([]source.TopicSpec, len(names))
	for i, name := range names {
		specs[i] = source.TopicSpec{Name: name, Partitions: s.cfg.Partitions, ReplicationFactor: -1,
			Configs: map[string]string{"retention.ms": "-1", "max.message.bytes": strconv.Itoa(maxRecord)}}
	}
	_, err := s.client.EnsureTopics(ctx, specs...)
	return err
}

// database opens a database of the engine, past the proxies, with the schema and the epoch in it.
func (s *stack) database(ctx context.Context, name string) (driver.Conn, error) {
	cfg := clickhouse.DefaultConfig()
	cfg.DSN = engine.DSN(s.startTo.Config.Listen, s.startTo.Config.Token, name)
	conn, err := clickhouse.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.teardown = append(s.teardown, conn.Close)
	if _, err := clickhouse.Migrate(ctx, conn, clickhouse.MigrateOptions{}); err != nil {
		return nil, err
	}
	_, err = clickhouse.EnsureEpoch(ctx, conn, s.definition(), time.Now())
	return conn, err
}

// definition is the default one, which the processors have too.
func (s *stack) definition() *window.Definition {
	def := &window.Definition{Windows: window.DefaultWindows(), Pane: 5 * time.Minute, Bands: window.DefaultBands(),
		Dimensions: window.BuiltinDimensions(), Partitions: s.cfg.Partitions}
	events := event.DefaultConfig()
	for _, m := range events.Metrics() {
		def.Quality, def.Scales = append(def.Quality, m.Name), append(def.Scales, m.Scale())
	}
	return def
}

// fail notes what makes the run fail, and says it.
func (s *stack) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.mu.Lock()
	s.failures = append(s.failures, text)
	s.mu.Unlock()
	s.say("FAILED: %s", text)
}

func (s *stack) failed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.failures...)
}

// say prints a line of progress.
func (s *stack) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.cfg.Progress, "%8.1fs  %s\n", time.Since(s.begin).Seconds(), fmt.Sprintf(format, args...))
}

// close ends all parts, the last first.
func (s *stack) close() error {
	var errs []error
	for _, p := range s.processors {
		if _, err := p.kill(); err != nil {
			errs = append(errs, err)
		}
	}
	for i := len(s.teardown) - 1; i >= 0; i-- {
		errs = append(errs, s.teardown[i]())
	}
	return errors.Join(errs...)
}
