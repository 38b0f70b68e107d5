package realkafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// requestTimeout bounds one request to a broker.
const requestTimeout = 10 * time.Second

// NewClient returns a client that was never used, and what closes its connections.
func NewClient(broker string) (client *kafka.Client, closeIdle func()) {
	transport := new(kafka.Transport)
	return &kafka.Client{Addr: kafka.TCP(broker), Timeout: requestTimeout, Transport: transport}, transport.CloseIdleConnections
}

// CreateTopic creates a topic and returns when the topic is there and its partitions have leaders.
func CreateTopic(ctx context.Context, client *kafka.Client, topic kafka.TopicConfig) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topic}})
	if err == nil {
		err = response.Errors[topic.Topic]
	}
	if err != nil {
		return fmt.Errorf("create topic %s: %w", topic.Topic, err)
	}
	return awaitLeaders(ctx, client, topic)
}

func awaitLeaders(ctx context.Context, client *kafka.Client, topic kafka.TopicConfig) error {
	for {
		err := checkLeaders(ctx, client, topic)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the leaders of topic %s: %w", topic.Topic, errors.Join(ctx.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func checkLeaders(ctx context.Context, client *kafka.Client, topic kafka.TopicConfig) error {
	metadata, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic.Topic}})
	if err != nil {
		return err
	}
	for _, found := range metadata.Topics {
		if found.Name != topic.Topic || len(found.Partitions) != topic.NumPartitions {
			continue
		}
		for _, partition := range found.Partitions {
			if partition.Error != nil {
				return partition.Error
			}
		}
		return found.Error
	}
	return kafka.UnknownTopicOrPartition
}

// DeleteTopic deletes a topic.
func DeleteTopic(ctx context.Context, client *kafka.Client, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err == nil {
		err = response.Errors[topic]
	}
	if err != nil {
		return fmt.Errorf("delete topic %s: %w", topic, err)
	}
	return nil
}
