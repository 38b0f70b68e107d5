package source

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"satisflow/pipeline/logid"
)

// Identify returns the identity of the topic's log. It asks by franz-go, as kafka-go knows no version of the request that
// tells the id of a topic.
func (c *Client) Identify(ctx context.Context, topic string) (logid.ID, error) {
	id, err := c.cluster.identify(ctx, topic)
	if err != nil {
		return logid.ID{}, fmt.Errorf("identify the topic %s: %w", topic, err)
	}
	return id, nil
}

func (c Config) identify(ctx context.Context, topic string) (logid.ID, error) {
	options, err := c.franz()
	if err != nil {
		return logid.ID{}, Permanent(err)
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return logid.ID{}, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, c.RequestTimeout)
	defer cancel()
	request := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = kmsg.StringPtr(topic)
	request.Topics = append(request.Topics, t)
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return logid.ID{}, err
	}
	return idOf(answer, topic)
}

func idOf(answer *kmsg.MetadataResponse, topic string) (logid.ID, error) {
	id := logid.ID{Topic: topic}
	if answer.ClusterID != nil {
		id.Cluster = *answer.ClusterID
	}
	for _, t := range answer.Topics {
		if t.Topic == nil || *t.Topic != topic {
			continue
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return logid.ID{}, err
		}
		if t.TopicID != [16]byte{} {
			id.TopicID = hex.EncodeToString(t.TopicID[:])
		}
		return id, nil
	}
	return logid.ID{}, kerr.UnknownTopicOrPartition
}

// franz returns the configuration in franz-go's form.
func (c Config) franz() ([]kgo.Opt, error) {
	encryption, err := c.TLS.build()
	if err != nil {
		return nil, err
	}
	options := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID), kgo.DialTimeout(c.DialTimeout), kgo.RequestTimeoutOverhead(c.RequestTimeout)}
	if encryption != nil {
		options = append(options, kgo.DialTLSConfig(encryption))
	}
	switch c.SASL.Mechanism {
	case "plain":
		options = append(options, kgo.SASL(plain.Auth{User: c.SASL.Username, Pass: c.SASL.Password}.AsMechanism()))
	case "scram-sha-256":
		options = append(options, kgo.SASL(scram.Auth{User: c.SASL.Username, Pass: c.SASL.Password}.AsSha256Mechanism()))
	case "scram-sha-512":
		options = append(options, kgo.SASL(scram.Auth{User: c.SASL.Username, Pass: c.SASL.Password}.AsSha512Mechanism()))
	}
	return options, nil
}
