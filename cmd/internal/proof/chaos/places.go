package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"satisflow/deploy/testkit/realkafka"
	"satisflow/sinks/clickhouse/engine"
)

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
			excuse: s.excuse, failed: func(err error) { s.abort(fmt.Errorf("a processor ended by itself: %w", err)) },
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
		if p.front, err = startFront(s.startTo.Config.Listen); err != nil {
			return err
		}
		s.teardown = append(s.teardown, p.front.close)
		port, err := realkafka.FreePort() // not one of those that clients are given, as it is left and taken again
		if err != nil {
			return err
		}
		if p.store, err = newLink(fmt.Sprintf("clickhouse-%d", i), fmt.Sprintf("127.0.0.1:%d", port), p.front.address); err != nil {
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
