package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// place is where a record lies.
type place struct {
	Partition int32
	Offset    int64
}

// readTopic calls yield for every record of the topic, up to the ends that it has when the call begins.
func readTopic(ctx context.Context, address, topic string, partitions int, yield func(*kafka.Message)) error {
	for p := range partitions {
		if err := readPartition(ctx, address, topic, p, yield); err != nil {
			return fmt.Errorf("read %s/%d: %w", topic, p, err)
		}
	}
	return nil
}

func readPartition(ctx context.Context, address, topic string, partition int, yield func(*kafka.Message)) error {
	conn, err := kafka.DialLeader(ctx, "tcp", address, topic, partition)
	if err != nil {
		return err
	}
	defer conn.Close()
	first, last, err := conn.ReadOffsets()
	if err != nil || first == last {
		return err
	}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{address}, Topic: topic, Partition: partition, MaxBytes: 16 << 20, MaxWait: 200 * time.Millisecond})
	defer r.Close()
	if err := r.SetOffset(first); err != nil {
		return err
	}
	for {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			return err
		}
		yield(&m)
		if m.Offset >= last-1 {
			return nil
		}
	}
}

func header(m *kafka.Message, key string) string {
	for _, h := range m.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}
