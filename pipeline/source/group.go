package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
)

// GroupConfig says which topic is shared by which consumer group, and how fast the
// group notices what happens.
type GroupConfig struct {
	// Topic is set by the caller: one key names it for all parts.
	Topic string `yaml:"-"`
	ID    string `yaml:"id" help:"consumer group; processors of one group share the partitions"`
	// SessionTimeout is how long a silent member keeps its partitions; brokers demand 6 s or more.
	SessionTimeout time.Duration `yaml:"session_timeout" help:"how long a silent member keeps its partitions; brokers demand 6s or more"`
	// RebalanceTimeout is how long the others wait for a member that drains.
	RebalanceTimeout time.Duration `yaml:"rebalance_timeout" help:"how long the others wait for a member that drains"`
	// HeartbeatInterval bounds how late a member hears of a rebalance.
	HeartbeatInterval time.Duration `yaml:"heartbeat_interval" help:"how late a member hears of a rebalance; at most a third of session_timeout"`
	// JoinBackoff is the wait after a failed attempt to join.
	JoinBackoff time.Duration `yaml:"join_backoff" help:"wait after a failed attempt to join"`
	// WatchInterval is how often the number of partitions is looked at.
	WatchInterval time.Duration `yaml:"watch_interval" help:"how often the number of partitions is looked at"`
	// LeaveTimeout bounds leaving the group when Run ends. A member that could not leave
	// keeps its partitions until SessionTimeout has passed.
	LeaveTimeout time.Duration `yaml:"leave_timeout" help:"longest time to leave the group at the end"`
}

// DefaultGroupConfig hands the partitions of a killed member over in less than 10 s.
func DefaultGroupConfig() GroupConfig {
	return GroupConfig{
		Topic:             "ratings",
		ID:                "satisflow",
		SessionTimeout:    6 * time.Second,
		RebalanceTimeout:  6 * time.Second,
		HeartbeatInterval: 500 * time.Millisecond,
		JoinBackoff:       500 * time.Millisecond,
		WatchInterval:     5 * time.Second,
		LeaveTimeout:      3 * time.Second,
	}
}

// Validate reports every wrong field, its value and what would be right.
func (c GroupConfig) Validate() error {
	var errs []error
	if c.HeartbeatInterval > c.SessionTimeout/3 {
		errs = append(errs, fmt.Errorf("heartbeat_interval is %s: it must be at most a third of session_timeout (%s)",
			c.HeartbeatInterval, c.SessionTimeout))
	}
	errs = append(errs,
		named("topic", c.Topic),
		named("id", c.ID),
		positive("session_timeout", c.SessionTimeout),
		positive("rebalance_timeout", c.RebalanceTimeout),
		positive("heartbeat_interval", c.HeartbeatInterval),
		positive("join_backoff", c.JoinBackoff),
		positive("watch_interval", c.WatchInterval),
		positive("leave_timeout", c.LeaveTimeout))
	return errors.Join(errs...)
}

// Group is one member of a consumer group: the broker divides the topic's partitions
// among the members, and again whenever one comes or goes.
type Group struct {
	cluster Config
	config  GroupConfig
	hooks   Hooks
	log     zerolog.Logger
}

// NewGroup makes a member; the configurations must be valid.
func NewGroup(cluster Config, config GroupConfig, hooks Hooks, log zerolog.Logger) *Group {
	return &Group{
		cluster: cluster, config: config, hooks: hooks,
		log: log.With().Str("topic", config.Topic).Str("group", config.ID).Logger(),
	}
}

// Run joins the group and calls own for every generation, one after the other. It
// retries for ever what Kafka refuses, and leaves the group and returns when ctx ends
// (nil) or own returns a permanent error.
func (g *Group) Run(ctx context.Context, own Owner) error {
	client, err := NewClient(g.cluster)
	if err != nil {
		return fmt.Errorf("join group %s: %w", g.config.ID, Permanent(err))
	}
	defer client.Close()
	member, err := g.join()
	if err != nil {
		return fmt.Errorf("join group %s: %w", g.config.ID, Permanent(err))
	}
	defer member.leave(g.config.LeaveTimeout)

	t := turns{hooks: g.hooks, log: g.log, least: g.config.JoinBackoff, most: 10 * g.config.JoinBackoff}
	return t.run(ctx, func() error {
		generation, err := member.group.Next(ctx)
		if errors.Is(err, kafka.InvalidSessionTimeout) {
			return Permanent(fmt.Errorf("kafka.group.session_timeout: %s: want what the broker allows (group.min.session.timeout.ms to group.max.session.timeout.ms, 6 s to 30 min by default): %w",
				g.config.SessionTimeout, err))
		}
		if err != nil {
			return err
		}
		return g.generation(ctx, generation, client, own)
	})
}

// generation runs own inside the generation: until own has returned no other one is joined.
func (g *Group) generation(ctx context.Context, gen *kafka.Generation, client *Client, own Owner) error {
	result := make(chan error, 1)
	gen.Start(func(ended context.Context) {
		err := g.serve(ctx, ended, gen, client, own)
		result <- err
		if ctx.Err() != nil || IsPermanent(err) {
			<-ended.Done() // returning would join once more, only to leave
		}
	})
	return <-result
}

func (g *Group) serve(ctx, ended context.Context, gen *kafka.Generation, client *Client, own Owner) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ended, cancel)()

	count, err := client.Partitions(ctx, g.config.Topic)
	if err != nil {
		return err
	}
	id, err := client.Identify(ctx, g.config.Topic)
	if err != nil {
		return err
	}
	a := Assignment{Generation: gen.ID, Member: gen.MemberID, Topic: id, TopicPartitions: count}
	for _, p := range gen.Assignments[g.config.Topic] {
		// kafka-go puts FirstOffset (-2) where nothing is committed
		a.Partitions = append(a.Partitions, PartitionOffset{Partition: int32(p.ID), Committed: max(p.Offset, -1)})
	}
	slices.SortFunc(a.Partitions, func(x, y PartitionOffset) int { return int(x.Partition - y.Partition) })
	g.log.Info().Int32("generation", a.Generation).Int("partitions", len(a.Partitions)).Msg("assigned")
	g.hooks.assigned(a)

	err = own(ctx, a, func(ctx context.Context, next map[int32]int64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return g.commit(gen, next)
	})
	return outcome(ctx, err)
}

func (g *Group) commit(gen *kafka.Generation, next map[int32]int64) error {
	offsets := make(map[int]int64, len(next))
	for p, o := range next {
		offsets[int(p)] = o
	}
	if err := gen.CommitOffsets(map[string]map[int]int64{g.config.Topic: offsets}); err != nil {
		return fmt.Errorf("commit offsets of %s in group %s: %w", g.config.Topic, g.config.ID, err)
	}
	return nil
}
