package source

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// member is a kafka.ConsumerGroup whose connections can be cut: kafka-go waits out a
// join, which others can hold up, before it leaves.
type member struct {
	group *kafka.ConsumerGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (g *Group) join() (*member, error) {
	dialer, err := g.cluster.dialer()
	if err != nil {
		return nil, err
	}
	m := &member{conns: map[net.Conn]struct{}{}}
	dialer.DialFunc = m.dial
	m.group, err = kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                     g.config.ID,
		Brokers:                g.cluster.Brokers,
		Topics:                 []string{g.config.Topic},
		Dialer:                 dialer,
		SessionTimeout:         g.config.SessionTimeout,
		RebalanceTimeout:       g.config.RebalanceTimeout,
		HeartbeatInterval:      g.config.HeartbeatInterval,
		JoinGroupBackoff:       g.config.JoinBackoff,
		WatchPartitionChanges:  true,
		PartitionWatchInterval: g.config.WatchInterval,
		StartOffset:            kafka.FirstOffset,
	})
	return m, err
}

// leave leaves the group; after limit it cuts what still waits for an answer.
func (m *member) leave(limit time.Duration) {
	timer := time.AfterFunc(limit, m.cut)
	defer timer.Stop()
	_ = m.group.Close() // it always returns nil
}

func (m *member) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		_ = c.Close()
	}
}

func (m *member) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := dialBounded(ctx, network, address)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[conn] = struct{}{}
	return &memberConn{Conn: conn, member: m}, nil
}

type memberConn struct {
	net.Conn
	member *member
}

func (c *memberConn) Close() error {
	c.member.mu.Lock()
	delete(c.member.conns, c.Conn)
	c.member.mu.Unlock()
	return c.Conn.Close()
}
