package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"
)

// TopicSpec is a topic as it should be.
type TopicSpec struct {
	Name       string
	Partitions int
	// ReplicationFactor of -1 means the broker's default.
	ReplicationFactor int
	// Configs are Kafka's topic settings by their names, such as retention.ms.
	Configs map[string]string
}

// TopicState is what EnsureTopics found or made.
type TopicState struct {
	Name string
	// Partitions is the number that the topic has, Wanted what its spec asked for.
	Partitions, Wanted int
	Created            bool
}

// Differs says that the topic was there before, with another number of partitions. It
// was left alone: more partitions would send customers elsewhere.
func (s TopicState) Differs() bool { return s.Partitions != s.Wanted }

// EnsureTopics makes the topics that are missing and changes none that exist, whatever
// their partitions or settings. The states come in the order of the specs.
func (c *Client) EnsureTopics(ctx context.Context, specs ...TopicSpec) ([]TopicState, error) {
	asked := make([]kafka.TopicConfig, len(specs))
	for i, s := range specs {
		if err := s.validate(); err != nil {
			return nil, err
		}
		asked[i] = s.kafka()
	}
	r, err := c.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: asked})
	if err != nil {
		return nil, fmt.Errorf("create topics: %w", err)
	}
	states := make([]TopicState, len(specs))
	for i, s := range specs {
		states[i] = TopicState{Name: s.Name, Partitions: s.Partitions, Wanted: s.Partitions}
		switch err := r.Errors[s.Name]; {
		case err == nil:
			states[i].Created = true
		case !errors.Is(err, kafka.TopicAlreadyExists):
			return nil, fmt.Errorf("create topic %s: %w", s.Name, err)
		default:
			if states[i].Partitions, err = c.Partitions(ctx, s.Name); err != nil {
				return nil, err
			}
		}
	}
	return states, nil
}

func (s TopicSpec) validate() error {
	if err := named("topic", s.Name); err != nil {
		return err
	}
	if s.Partitions < 1 || s.Partitions > maxPartition+1 {
		return fmt.Errorf("topic %s: partitions is %d: it must be 1 to %d", s.Name, s.Partitions, maxPartition+1)
	}
	if s.ReplicationFactor < 1 && s.ReplicationFactor != -1 {
		return fmt.Errorf("topic %s: replication_factor is %d: it must be 1 or more, or -1 for the broker's default",
			s.Name, s.ReplicationFactor)
	}
	return nil
}

func (s TopicSpec) kafka() kafka.TopicConfig {
	out := kafka.TopicConfig{Topic: s.Name, NumPartitions: s.Partitions, ReplicationFactor: s.ReplicationFactor}
	for name, value := range s.Configs {
		out.ConfigEntries = append(out.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	slices.SortFunc(out.ConfigEntries, func(a, b kafka.ConfigEntry) int { return strings.Compare(a.ConfigName, b.ConfigName) })
	return out
}
