package oracle

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// ReadTopic reads every partition of the topic from its start to the end that it has when the call begins.
func (o *Oracle) ReadTopic(ctx context.Context, broker, topic string, partitions int) error {
	for p := range partitions {
		if err := o.readPartition(ctx, broker, topic, p); err != nil {
			return fmt.Errorf("read %s/%d: %w", topic, p, err)
		}
	}
	return nil
}

func (o *Oracle) readPartition(ctx context.Context, broker, topic string, partition int) error {
	conn, err := kafka.DialLeader(ctx, "tcp", broker, topic, partition)
	if err != nil {
		return err
	}
	first, last, err := conn.ReadOffsets()
	_ = conn.Close()
	if err != nil || first == last {
		return err
	}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: topic, Partition: partition, MaxBytes: 16 << 20, MaxWait: 200 * time.Millisecond})
	defer r.Close()
	if err := r.SetOffset(first); err != nil {
		return err
	}
	for {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			return err
		}
		msg := Message{Partition: int32(partition), Offset: m.Offset, Time: m.Time, Value: m.Value}
		for _, h := range m.Headers {
			msg.History = msg.History || h.Key == "satisflow-history" && string(h.Value) == "1"
		}
		o.Read(msg)
		if m.Offset >= last-1 {
			return nil
		}
	}
}
