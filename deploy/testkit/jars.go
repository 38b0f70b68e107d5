package testkit

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"satisflow/deploy/testkit/realkafka"
)

// KafkaJars returns the folder with Apache Kafka's jars, which Maven fetches once (44 MB) into the user's cache folder.
func KafkaJars(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir, err := realkafka.Jars(ctx, os.Stderr)
	if errors.Is(err, realkafka.ErrNoMaven) {
		Unavailable(t, "this test needs Apache Kafka: %v: %s", err, realkafka.MavenHint)
	}
	if err != nil {
		t.Fatalf("find Apache Kafka: %v", err)
	}
	return dir
}
