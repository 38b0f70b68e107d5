package chaos

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit/realkafka"
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
	front      *front
	processors []*processor
	conn       driver.Conn // past the proxies
	client     *source.Client
	teardown   []func() error

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

// links makes the places of the processors, and chooses the addresses of their proxies to Kafka.
func (s *stack) links() ([]string, error) {
	places := make([]string, s.cfg.Processors+1)
	for i := range places {
		port, err := realkafka.FreePort()
		if err != nil {
			return nil, err
		}
		places[i] = fmt.Sprintf("127.0.0.1:%d", port)
		s.processors = append(s.processors, &processor{
			number: i, program: s.cfg.Program, log: filepath.Join(s.dir, fmt.Sprintf("processor-%d.log", i)), block: blockRows,
			failed: func(err error) { s.abort(fmt.Errorf("a processor ended by itself: %w", err)) },
		})
	}
	return places, nil
}

// openLinks starts the proxies and tells the processors of them.
func (s *stack) openLinks(places []string) (err error) {
	for i, p := range s.processors {
		if i < len(s.broker.ways) {
			if p.kafka, err = newLink(fmt.Sprintf("kafka-%d", i), places[i], s.broker.ways[i]); err != nil {
				return err
			}
			s.teardown = append(s.teardown, func() error { p.kafka.close(); return nil })
		} else {
			p.kafka = s.processors[0].kafka
		}
		if p.store, err = newLink(fmt.Sprintf("clickhouse-%d", i), "127.0.0.1:0", s.front.address); err != nil {
			return err
		}
		s.teardown = append(s.teardown, func() error { p.store.close(); return nil })
		p.env = append(s.settings(p, topic, "satisflow"), s.cfg.Env...)
	}
	return nil
}

// settings are the configuration of a processor, in its environment: there the token is nobody else's to read.
func (s *stack) settings(p *processor, topic, database string) []string {
	return []string{
		"SATISFLOW_LOG_LEVEL=trace", "SATISFLOW_LOG_FORMAT=json",
		"SATISFLOW_KAFKA_BROKERS=" + p.kafka.address(),
		"SATISFLOW_KAFKA_TOPIC=" + topic, "SATISFLOW_KAFKA_DEAD_TOPIC=" + deadOf(topic),
		"SATISFLOW_KAFKA_GROUP_ID=" + topic,
		"SATISFLOW_KAFKA_GROUP_SESSION_TIMEOUT=" + s.cfg.Session.String(),
		"SATISFLOW_KAFKA_GROUP_REBALANCE_TIMEOUT=" + s.cfg.Session.String(),
		"SATISFLOW_KAFKA_GROUP_HEARTBEAT_INTERVAL=" + min(500*time.Millisecond, s.cfg.Session/3).String(),
		"SATISFLOW_KAFKA_REQUEST_TIMEOUT=5s",
		"SATISFLOW_PROCESSOR_DRAIN_TIMEOUT=" + min(2*time.Second, s.cfg.Session/3).String(),
		"SATISFLOW_CLICKHOUSE_DSN=" + engine.DSN(p.store.address(), s.startTo.Config.Token, database),
		"SATISFLOW_CLICKHOUSE_READ_TIMEOUT=10s",
		"SATISFLOW_PROCESSOR_LISTEN=127.0.0.1:0",
		"SATISFLOW_PROCESSOR_BLOCK_ROWS=" + strconv.Itoa(blockRows),
		"SATISFLOW_PROCESSOR_INSERT_TIMEOUT=5s",
		"SATISFLOW_PROCESSOR_RETRY_MAX=1s",
	}
}

func deadOf(topic string) string { return topic + ".dead" }

// withoutSettings leaves out the configuration of a satisflow that is not ours.
func withoutSettings(environ []string) []string {
	var left []string
	for _, v := range environ {
		if !strings.HasPrefix(v, "SATISFLOW_") || strings.HasPrefix(v, "SATISFLOW_CHDB_LIB=") {
			left = append(left, v)
		}
	}
	return left
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
	if s.front, err = startFront(config.Listen); err != nil {
		return err
	}
	s.teardown = append(s.teardown, s.front.close)
	return nil
}

// startEngine starts the engine on its address and its data, as often as it is needed.
func (s *stack) startEngine(ctx context.Context) (err error) {
	if s.engine, err = engine.Start(ctx, s.startTo); err != nil {
		return fmt.Errorf("start ClickHouse: %w", err)
	}
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
	return &window.Definition{Windows: window.DefaultWindows(), Pane: 5 * time.Minute, Bands: window.DefaultBands(),
		Dimensions: window.BuiltinDimensions(), Quality: []string{"response_time_ms", "accuracy", "completeness"}, Partitions: s.cfg.Partitions}
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
		if _, err := p.kill(context.Background(), ""); err != nil {
			errs = append(errs, err)
		}
	}
	for i := len(s.teardown) - 1; i >= 0; i-- {
		errs = append(errs, s.teardown[i]())
	}
	return errors.Join(errs...)
}

// pause lets a process of a part stand still for a while.
func pause(ctx context.Context, signal func(syscall.Signal) error, while time.Duration) error {
	if err := signal(syscall.SIGSTOP); err != nil {
		return err
	}
	sleep(ctx, while)
	return signal(syscall.SIGCONT)
}

// sleep returns after the time, or when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// openDir makes the folder of the run, which must be empty.
func openDir(path string) (string, error) {
	if path == "" {
		return os.MkdirTemp("", "satisflow-chaos-")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("the folder %s is not empty: name another by --dir", path)
	}
	return path, err
}
