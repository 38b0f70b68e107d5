package chaos

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/segmentio/kafka-go"

	"satisflow/sinks/deadletter"
)

// Letters is the comparison of what was rejected with what had to be.
type Letters struct {
	Expected    int      `json:"expected"`
	Table       int      `json:"table"` // rows of the table, each once
	Topic       int      `json:"topic"` // records of the topic, each once
	Repeated    int      `json:"repeated"`
	Differences int      `json:"differences"`
	Examples    []string `json:"examples,omitempty"`
}

func (l *Letters) differ(format string, args ...any) {
	if l.Differences++; len(l.Examples) < 10 {
		l.Examples = append(l.Examples, fmt.Sprintf(format, args...))
	}
}

// letter is why a record was rejected, and a hash of what it holds.
type letter struct {
	reason  string
	content uint64
}

func contentOf(key, value []byte) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d ", len(key))
	_, _ = h.Write(key)
	_, _ = h.Write(value)
	return h.Sum64()
}

// expected is which records of the log must be rejected, as their headers say.
func (s *stack) expected(ctx context.Context, topic string) (map[place]letter, error) {
	want := map[place]letter{}
	err := readTopic(ctx, s.broker.address, topic, s.cfg.Partitions, func(m *kafka.Message) {
		if reason := header(m, reasonHeader); reason != "" {
			want[place{int32(m.Partition), m.Offset}] = letter{reason, contentOf(m.Key, m.Value)}
		}
	})
	return want, err
}

// compareLetters holds the table and the topic of dead letters against what was to be rejected.
func (s *stack) compareLetters(ctx context.Context) (*Letters, error) {
	want, err := s.expected(ctx, topic)
	if err != nil {
		return nil, err
	}
	c := &Letters{Expected: len(want)}
	table, err := lettersOfTable(ctx, s.conn)
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	sent, err := s.lettersOfTopic(ctx, c)
	if err != nil {
		return nil, err
	}
	c.Table, c.Topic = len(table), len(sent)
	c.compare("table", table, want)
	c.compare("topic", sent, want)
	return c, nil
}

func (l *Letters) compare(of string, got, want map[place]letter) {
	for at, w := range want {
		if g, ok := got[at]; !ok || g != w {
			l.differ("%s of dead letters, record %d/%d: has %q (%t, same content: %t), want %q", of, at.Partition, at.Offset, g.reason, ok, g.content == w.content, w.reason)
		}
	}
	for at, g := range got {
		if _, ok := want[at]; !ok {
			l.differ("%s of dead letters, record %d/%d: has %q, but it must count", of, at.Partition, at.Offset, g.reason)
		}
	}
}

func lettersOfTable(ctx context.Context, conn driver.Conn) (map[place]letter, error) {
	rows, err := conn.Query(ctx, "SELECT partition, offset, reason, key, value FROM dead_letters FINAL WHERE epoch = ?", uint32(epoch))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	got := map[place]letter{}
	for rows.Next() {
		var at place
		var reason, key, value string
		if err := rows.Scan(&at.Partition, &at.Offset, &reason, &key, &value); err != nil {
			return nil, err
		}
		got[at] = letter{reason, contentOf([]byte(key), []byte(value))}
	}
	return got, rows.Err()
}

func (s *stack) lettersOfTopic(ctx context.Context, c *Letters) (map[place]letter, error) {
	got := map[place]letter{}
	err := readTopic(ctx, s.broker.address, deadTopic, s.cfg.Partitions, func(m *kafka.Message) {
		partition, partitionErr := strconv.ParseInt(header(m, deadletter.HeaderPartition), 10, 32)
		offset, offsetErr := strconv.ParseInt(header(m, deadletter.HeaderOffset), 10, 64)
		if partitionErr != nil || offsetErr != nil {
			c.differ("topic of dead letters, its record %d/%d: does not say which record it was", m.Partition, m.Offset)
			return
		}
		at := place{int32(partition), offset}
		if _, again := got[at]; again {
			c.Repeated++
		}
		got[at] = letter{header(m, deadletter.HeaderReason), contentOf(m.Key, m.Value)}
	})
	return got, err
}
