package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"satisflow/deploy/testkit/realkafka"
)

func TestAPrivateBrokerKeepsItsRecords(t *testing.T) {
	broker := StartKafka(t, BrokerOptions{})
	topic := broker.Topic(1)
	produce(t, broker.Brokers[0], topic, "before kill")
	broker.Kill()
	broker.Start()
	produce(t, broker.Brokers[0], topic, "before stop")
	broker.Stop()
	broker.Start()
	produce(t, broker.Brokers[0], topic, "last")
	got := consume(t, broker.Brokers[0], topic, 0, 3)
	if got[0] != "before kill" || got[1] != "before stop" || got[2] != "last" {
		t.Errorf("got %q, want the three records in order", got)
	}
	assertSilentWhilePaused(t, broker.Pause, broker.Resume, func(ctx context.Context) error {
		client, closeIdle := realkafka.NewClient(broker.Brokers[0])
		defer closeIdle()
		_, err := client.ApiVersions(ctx, new(kafka.ApiVersionsRequest))
		return err
	})
}

// assertSilentWhilePaused asks a server that is paused, which must not answer, and again when it goes on.
func assertSilentWhilePaused(t *testing.T, pause, resume func(), ask func(context.Context) error) {
	t.Helper()
	pause()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := ask(ctx); err == nil {
		t.Error("a paused server answered")
	}
	resume()
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := ask(ctx); err != nil {
		t.Errorf("a resumed server does not answer: %v", err)
	}
}
