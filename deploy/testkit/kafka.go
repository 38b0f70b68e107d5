package testkit

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"

	"satisflow/deploy/testkit/realkafka"
)

const (
	kafkaService = "kafka"
	jarsEnv      = "SATISFLOW_TESTKIT_JARS"
	javaEnv      = "SATISFLOW_TESTKIT_JAVA"
)

// KafkaCluster is a broker that tests share.
type KafkaCluster struct {
	// Brokers are its bootstrap addresses, host:port.
	Brokers []string
}

// Kafka returns the run's Apache Kafka.
func Kafka(t testing.TB) *KafkaCluster {
	t.Helper()
	java := Require(t, "java", realkafka.JavaHint)
	a := sharedServer(t, kafkaService, javaEnv+"="+java, jarsEnv+"="+KafkaJars(t))
	return &KafkaCluster{Brokers: []string{a.HostPort}}
}

// Topic creates a topic with a name of its own and returns the name; it is deleted at the test's end. Configs are
// "name=value".
func (k *KafkaCluster) Topic(t testing.TB, partitions int, configs ...string) string {
	t.Helper()
	topic := newTopic(t, k.Brokers[0], partitions, configs)
	t.Cleanup(func() {
		client, closeIdle := realkafka.NewClient(k.Brokers[0])
		defer closeIdle()
		if err := realkafka.DeleteTopic(context.Background(), client, topic); err != nil {
			t.Error(err)
		}
	})
	return topic
}

func newTopic(t testing.TB, broker string, partitions int, configs []string) string {
	t.Helper()
	topic := kafka.TopicConfig{Topic: "test-" + strings.ToLower(rand.Text()[:12]), NumPartitions: partitions, ReplicationFactor: 1}
	for _, config := range configs {
		name, value, ok := strings.Cut(config, "=")
		if !ok {
			t.Fatalf("topic configuration %q is not name=value", config)
		}
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	client, closeIdle := realkafka.NewClient(broker)
	defer closeIdle()
	if err := realkafka.CreateTopic(context.Background(), client, topic); err != nil {
		t.Fatal(err)
	}
	return topic.Topic
}

// serveSharedKafka runs in the supervisor.
func serveSharedKafka(ctx context.Context, dir string) (server, address, error) {
	cfg, err := realkafka.New(os.Getenv(javaEnv), os.Getenv(jarsEnv), filepath.Join(dir, "kafka"))
	if err != nil {
		return nil, address{}, err
	}
	cfg.Stderr = os.Stderr
	if err := cfg.Format(ctx); err != nil {
		return nil, address{}, err
	}
	process, err := cfg.Start(ctx)
	if err != nil {
		return nil, address{}, err
	}
	return process, address{HostPort: cfg.Address()}, nil
}
