package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// Client makes the small requests to a cluster: topics, offsets, a sign of life. Each is
// bounded by Config.RequestTimeout. Close it when it is no longer needed.
type Client struct {
	cluster   Config
	client    kafka.Client
	transport *kafka.Transport
}

// NewClient makes a client without connecting. It fails when a file that the
// configuration names cannot be read.
func NewClient(cluster Config) (*Client, error) {
	transport, err := cluster.transport()
	if err != nil {
		return nil, err
	}
	return &Client{
		cluster: cluster,
		client: kafka.Client{
			Addr: kafka.TCP(cluster.Brokers...), Timeout: cluster.RequestTimeout, Transport: transport,
		},
		transport: transport,
	}, nil
}

// Close ends the connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Ping asks a broker for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	r, err := c.client.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	if err == nil {
		err = r.Error
	}
	if err != nil {
		return fmt.Errorf("ping Kafka at %s: %w", c.client.Addr, err)
	}
	return nil
}

// Partitions is the number of partitions of a topic now. A topic that does not exist is
// an error.
func (c *Client) Partitions(ctx context.Context, topic string) (int, error) {
	// A transport answers from its memory, for seconds and while no broker is there.
	transport, err := c.cluster.transport(topic)
	if err != nil {
		return 0, err
	}
	defer transport.CloseIdleConnections()
	client := c.client
	client.Transport = transport
	r, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return 0, fmt.Errorf("count the partitions of %s: %w", topic, err)
	}
	for _, t := range r.Topics {
		if t.Name == topic && t.Error == nil {
			return len(t.Partitions), nil
		}
		if t.Name == topic {
			return 0, fmt.Errorf("count the partitions of %s: %w", topic, t.Error)
		}
	}
	return 0, fmt.Errorf("count the partitions of %s: %w", topic, kafka.UnknownTopicOrPartition)
}

// Offsets is where each partition's log begins, and the offset that comes next at its end.
func (c *Client) Offsets(ctx context.Context, topic string) (first, last map[int32]int64, err error) {
	count, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	asked := make([]kafka.OffsetRequest, 0, 2*count)
	for p := range count {
		asked = append(asked, kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	r, err := c.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: asked}})
	if err != nil {
		return nil, nil, fmt.Errorf("list the offsets of %s: %w", topic, err)
	}
	first, last = make(map[int32]int64, count), make(map[int32]int64, count)
	for _, p := range r.Topics[topic] {
		if p.Error != nil {
			return nil, nil, fmt.Errorf("list the offsets of %s/%d: %w", topic, p.Partition, p.Error)
		}
		first[int32(p.Partition)], last[int32(p.Partition)] = p.FirstOffset, p.LastOffset
	}
	return first, last, nil
}

// Ends is where the log of each of the partitions ends: the offset that comes next.
func (c *Client) Ends(ctx context.Context, topic string, partitions []int32) (map[int32]int64, error) {
	asked := make([]kafka.OffsetRequest, len(partitions))
	for i, p := range partitions {
		asked[i] = kafka.LastOffsetOf(int(p))
	}
	r, err := c.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: asked}})
	if err != nil {
		return nil, fmt.Errorf("list the ends of %s: %w", topic, err)
	}
	ends := make(map[int32]int64, len(partitions))
	for _, p := range r.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("list the end of %s/%d: %w", topic, p.Partition, p.Error)
		}
		ends[int32(p.Partition)] = p.LastOffset
	}
	return ends, nil
}

// committed leaves out the partitions that nothing was committed for; a group that never
// committed need not exist.
func (c *Client) committed(ctx context.Context, group, topic string, partitions []int32) (map[int32]int64, error) {
	asked := make([]int, len(partitions))
	for i, p := range partitions {
		asked[i] = int(p)
	}
	r, err := c.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: asked}})
	if err == nil {
		err = r.Error
	}
	if errors.Is(err, kafka.GroupIdNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fetch the offsets of %s in group %s: %w", topic, group, err)
	}
	out := map[int32]int64{}
	for _, p := range r.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("fetch the offset of %s/%d in group %s: %w", topic, p.Partition, group, p.Error)
		}
		if p.CommittedOffset >= 0 {
			out[int32(p.Partition)] = p.CommittedOffset
		}
	}
	return out, nil
}

// commit commits without being a member, which a group without live members accepts.
func (c *Client) commit(ctx context.Context, group, topic string, next map[int32]int64) error {
	commits := make([]kafka.OffsetCommit, 0, len(next))
	for p, o := range next {
		commits = append(commits, kafka.OffsetCommit{Partition: int(p), Offset: o})
	}
	r, err := c.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{topic: commits},
	})
	if err != nil {
		return fmt.Errorf("commit offsets of %s in group %s: %w", topic, group, err)
	}
	var errs []error
	for _, p := range r.Topics[topic] {
		if p.Error != nil {
			errs = append(errs, fmt.Errorf("commit the offset of %s/%d in group %s: %w", topic, p.Partition, group, p.Error))
		}
	}
	return errors.Join(errs...)
}
