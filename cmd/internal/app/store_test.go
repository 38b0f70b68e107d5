package app

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"

	"satisflow/cmd/internal/config"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/source"
)

func TestTopicsThatAreMadeKeepRatingsFor7DaysAndDeadLettersFor90(t *testing.T) {
	cfg := config.Default().Kafka
	cfg.Brokers = testkit.Kafka(t).Brokers
	cfg.Topic = "retention-" + strings.ToLower(rand.Text()[:8])
	cfg.DeadTopic = cfg.Topic + ".dead"
	client, err := source.NewClient(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 2 { // topics that are there are left alone
		if err := createTopics(t.Context(), client, cfg); err != nil {
			t.Fatal(err)
		}
	}
	transport := new(kafka.Transport)
	defer transport.CloseIdleConnections()
	admin := kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport}
	for topic, want := range map[string]string{cfg.Topic: "604800000", cfg.DeadTopic: "7776000000"} {
		r, err := admin.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
			{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if entry := r.Resources[0].ConfigEntries[0]; entry.ConfigValue != want {
			t.Errorf("%s: retention.ms is %s, want %s", topic, entry.ConfigValue, want)
		}
	}
	_, err = admin.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{cfg.Topic, cfg.DeadTopic}})
	if err != nil {
		t.Error(err)
	}
}
