package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// StaticConfig assigns partitions by hand: no group decides, so nothing waits for a
// session to time out, and two owners of one partition are not prevented.
type StaticConfig struct {
	Topic string `yaml:"topic"`
	// Partitions are read as given; ParsePartitions makes them of a text.
	Partitions []int32 `yaml:"partitions"`
	// GroupID is where offsets are committed for lag tools; empty commits nothing. A group
	// with live members refuses these commits.
	GroupID string `yaml:"group_id"`
	// WatchInterval is how often the number of partitions is looked at.
	WatchInterval time.Duration `yaml:"watch_interval"`
	// RetryMax bounds the wait between attempts while the topic cannot be looked up.
	RetryMax time.Duration `yaml:"retry_max"`
}

// DefaultStaticConfig still needs its partitions.
func DefaultStaticConfig() StaticConfig {
	return StaticConfig{Topic: "ratings", GroupID: "satisflow", WatchInterval: 5 * time.Second, RetryMax: 5 * time.Second}
}

// Validate reports every wrong field, its value and what would be right.
func (c StaticConfig) Validate() error {
	var errs []error
	if len(c.Partitions) == 0 {
		errs = append(errs, errors.New("partitions is empty: give them as in 0-3 or 0,2,5"))
	}
	seen := map[int32]bool{}
	for _, p := range c.Partitions {
		if p < 0 || seen[p] {
			errs = append(errs, fmt.Errorf("partitions has %d: each must be 0 or more and come once", p))
		}
		seen[p] = true
	}
	errs = append(errs,
		named("topic", c.Topic),
		positive("watch_interval", c.WatchInterval),
		positive("retry_max", c.RetryMax))
	return errors.Join(errs...)
}

// Static owns fixed partitions of a topic, without a consumer group.
type Static struct {
	cluster Config
	config  StaticConfig
	hooks   Hooks
	log     zerolog.Logger
}

// NewStatic makes the owner of fixed partitions; the configurations must be valid.
func NewStatic(cluster Config, config StaticConfig, hooks Hooks, log zerolog.Logger) *Static {
	return &Static{cluster: cluster, config: config, hooks: hooks, log: log.With().Str("topic", config.Topic).Logger()}
}

// Run calls own with the partitions, and again when the topic's number of partitions
// changes. It retries for ever what Kafka refuses, and returns when ctx ends (nil), when
// own returns a permanent error, or when a partition does not exist.
func (s *Static) Run(ctx context.Context, own Owner) error {
	client, err := NewClient(s.cluster)
	if err != nil {
		return fmt.Errorf("own partitions of %s: %w", s.config.Topic, Permanent(err))
	}
	defer client.Close()
	t := turns{hooks: s.hooks, log: s.log, least: min(100*time.Millisecond, s.config.RetryMax), most: s.config.RetryMax}
	return t.run(ctx, func() error { return s.turn(ctx, client, own) })
}

// turn runs own once, until the number of partitions changes.
func (s *Static) turn(ctx context.Context, client *Client, own Owner) error {
	a, err := s.assignment(ctx, client)
	if err != nil {
		return err
	}
	s.log.Info().Int("partitions", len(a.Partitions)).Msg("assigned by hand")
	s.hooks.assigned(a)

	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(ctx, client, a.TopicPartitions)
		cancel()
	}()
	err = own(ctx, a, func(ctx context.Context, next map[int32]int64) error {
		return s.commit(ctx, client, next)
	})
	err = outcome(ctx, err)
	cancel()
	<-watched
	return err
}

func (s *Static) assignment(ctx context.Context, client *Client) (Assignment, error) {
	count, err := client.Partitions(ctx, s.config.Topic)
	if err != nil {
		return Assignment{}, err
	}
	for _, p := range s.config.Partitions {
		if int(p) >= count {
			return Assignment{}, Permanent(fmt.Errorf("topic %s has no partition %d: it has %d, 0 to %d",
				s.config.Topic, p, count, count-1))
		}
	}
	id, err := client.Identify(ctx, s.config.Topic)
	if err != nil {
		return Assignment{}, err
	}
	committed := s.committed(ctx, client)
	a := Assignment{Generation: -1, Topic: id, TopicPartitions: count}
	for _, p := range s.config.Partitions {
		offset, ok := committed[p]
		if !ok {
			offset = -1
		}
		a.Partitions = append(a.Partitions, PartitionOffset{Partition: p, Committed: offset})
	}
	return a, nil
}

// committed is only told, like commit: an owner that knows its checkpoint needs no group.
func (s *Static) committed(ctx context.Context, client *Client) map[int32]int64 {
	if s.config.GroupID == "" {
		return nil
	}
	offsets, err := client.committed(ctx, s.config.GroupID, s.config.Topic, s.config.Partitions)
	if err != nil {
		s.hooks.commitError(err)
	}
	return offsets
}

// commit never fails the owner: nothing depends on these offsets.
func (s *Static) commit(ctx context.Context, client *Client, next map[int32]int64) error {
	if s.config.GroupID == "" {
		return nil
	}
	if err := client.commit(ctx, s.config.GroupID, s.config.Topic, next); err != nil {
		s.hooks.commitError(err)
	}
	return nil
}

// watch returns when ctx ends or the topic has another number of partitions.
func (s *Static) watch(ctx context.Context, client *Client, count int) {
	ticker := time.NewTicker(s.config.WatchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n, err := client.Partitions(ctx, s.config.Topic); err == nil && n != count {
			s.log.Warn().Int("before", count).Int("now", n).Msg("the topic has another number of partitions")
			return
		}
	}
}
