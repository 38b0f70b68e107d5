package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/cmd/internal/config"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// openStore connects to ClickHouse; the caller closes the connection.
func openStore(ctx context.Context, cfg clickhouse.Config, w waiter) (conn driver.Conn, err error) {
	err = w.await(ctx, clickhouseNeed, func(ctx context.Context) error {
		conn, err = clickhouse.Open(ctx, cfg)
		return err
	})
	return conn, err
}

// prepareStore brings the schema up to date, or refuses one that is not, and returns the epoch of the configuration.
func prepareStore(ctx context.Context, conn driver.Conn, cfg *config.Config, topic ratingsTopic, migrate bool, now time.Time) (clickhouse.Epoch, error) {
	if migrate {
		if _, err := clickhouse.MigrateInTurn(ctx, conn, clickhouse.MigrateOptions{Cluster: cfg.ClickHouse.Cluster}, clickhouse.Holder()); err != nil {
			return clickhouse.Epoch{}, err
		}
	}
	if err := requireSchema(ctx, conn); err != nil {
		return clickhouse.Epoch{}, err
	}
	def := cfg.Definition(topic.partitions)
	if cfg.Processor.Epoch == 0 {
		return clickhouse.EnsureEpochOf(ctx, conn, &def, topic.id, now)
	}
	epoch, err := clickhouse.UseEpoch(ctx, conn, uint32(cfg.Processor.Epoch), &def)
	if err == nil && !epoch.Log.Same(topic.id) {
		err = usageError(logid.Another(epoch.Log, topic.id))
	}
	return epoch, err
}

// ratingsTopic is the topic of the ratings as the brokers have it.
type ratingsTopic struct {
	id         logid.ID
	partitions int
}

func requireSchema(ctx context.Context, conn driver.Conn) error {
	pending, err := clickhouse.Pending(ctx, conn)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return usageError(fmt.Errorf("the database lacks %d migrations: run `satisflow migrate apply`, or add --migrate", len(pending)))
	}
	return nil
}

// lookUpTopic waits for Kafka and looks the topic of the ratings up; with create it makes the topics that are missing.
func lookUpTopic(ctx context.Context, cfg config.Kafka, create bool, w waiter) (topic ratingsTopic, err error) {
	client, err := source.NewClient(cfg.Config)
	if err != nil {
		return topic, usageError(fmt.Errorf("kafka: %w", err))
	}
	defer client.Close()
	err = w.await(ctx, kafkaNeed(cfg), func(ctx context.Context) error {
		if create {
			if err := createTopics(ctx, client, cfg); err != nil {
				return err
			}
		}
		if topic.partitions, err = client.Partitions(ctx, cfg.Topic); err != nil {
			return err
		}
		topic.id, err = client.Identify(ctx, cfg.Topic)
		return err
	})
	return topic, err
}

// Retention of topics that satisflow makes; deploy/docs/retention.md has the reasons.
const (
	ratingsRetention = 7 * 24 * time.Hour  // time to mend a processor; what was erased is gone after it
	deadRetention    = 90 * 24 * time.Hour // that of the table of dead letters
)

func retention(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// createTopics asks for the topics that are missing alone: who may only read and write need not be allowed to create.
func createTopics(ctx context.Context, client *source.Client, cfg config.Kafka) error {
	const batchOverhead = 64 << 10
	for _, topic := range []source.TopicSpec{
		{Name: cfg.Topic, Configs: map[string]string{"retention.ms": retention(ratingsRetention)}},
		{Name: cfg.DeadTopic, Configs: map[string]string{"retention.ms": retention(deadRetention),
			"max.message.bytes": strconv.Itoa(cfg.DeadProducerConfig().MaxMessageBytes + batchOverhead)}},
	} {
		if _, err := client.Partitions(ctx, topic.Name); err == nil {
			continue
		}
		topic.Partitions, topic.ReplicationFactor = cfg.Partitions, -1
		if _, err := client.EnsureTopics(ctx, topic); err != nil {
			return err
		}
	}
	return nil
}

// errNoAnswer is what is said of ClickHouse in place of an error that may hold the address with the password.
var errNoAnswer = errors.New("clickhouse does not answer")

// ping is a check of ClickHouse for readiness.
func ping(conn driver.Conn) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := conn.Ping(ctx); err != nil {
			return errNoAnswer
		}
		return nil
	}
}
