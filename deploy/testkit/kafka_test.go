package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

func TestATopicTakesAndGivesRecords(t *testing.T) {
	cluster := Kafka(t)
	topic := cluster.Topic(t, 3, "retention.ms=60000")
	produce(t, cluster.Brokers[0], topic, "hello")
	if got := consume(t, cluster.Brokers[0], topic, 0, 1); got[0] != "hello" {
		t.Errorf("got %q, want hello", got[0])
	}
}

func produce(t *testing.T, broker, topic string, values ...string) {
	t.Helper()
	transport := &kafka.Transport{} // the default one remembers for seconds which topics there were
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(broker), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, Transport: transport,
		Balancer: kafka.BalancerFunc(func(kafka.Message, ...int) int { return 0 }),
	}
	for _, value := range values {
		if err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte(value)}); err != nil {
			t.Fatalf("produce %q: %v", value, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func consume(t *testing.T, broker, topic string, partition, count int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: topic, Partition: partition, MaxWait: 50 * time.Millisecond})
	defer r.Close()
	var values []string
	for range count {
		message, err := r.ReadMessage(ctx)
		if err != nil {
			t.Fatalf("consume after %q: %v", values, err)
		}
		values = append(values, string(message.Value))
	}
	return values
}
