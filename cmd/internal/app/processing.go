package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/deadletter"
	metrics "satisflow/sinks/prometheus"
)

// processing is the pipeline of a process and what it is fed with.
type processing struct {
	*pipeline.Pipeline
	dead *source.Producer
}

// newProcessing composes the pipeline of the epoch. Close it after its Run has returned.
func newProcessing(cfg *config.Config, kafka *source.Client, conn driver.Conn, epoch clickhouse.Epoch, reg prometheus.Registerer, log zerolog.Logger) (*processing, error) {
	admission, err := withCustomerKey(cfg)
	if err != nil {
		return nil, usageError(err)
	}
	producer, err := source.NewProducer(cfg.Kafka.Config, cfg.Kafka.DeadProducerConfig())
	if err != nil {
		return nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	standards, err := standardsOf(cfg)
	if err != nil {
		return nil, errors.Join(usageError(err), producer.Close())
	}
	def := &epoch.Definition
	m := metrics.NewMetrics(metrics.InEpoch(reg, epoch.Number), admit.Reasons(), def.Partitions)
	hooks := source.Hooks{
		Assigned: func(source.Assignment) { m.Rebalanced() }, Lost: m.Lost,
		GroupError: func(error) { m.FetchFailed() }, FetchError: func(int32, error) { m.FetchFailed() }, CommitError: func(error) { m.CommitFailed() },
	}
	assigner, err := newAssigner(cfg, hooks, log)
	if err != nil {
		return nil, errors.Join(usageError(err), producer.Close())
	}
	p := pipeline.New(cfg.Processor.Config, pipeline.Parts{
		Definition: def, Topic: epoch.Log, Events: cfg.Event, Admission: admission, Source: assigner,
		Reader: func(partition int32) pipeline.Reader {
			return source.NewReader(cfg.Kafka.Config, cfg.Kafka.Reader, cfg.Kafka.Topic, partition, hooks, log)
		},
		Ends: func(ctx context.Context, partitions []int32) (map[int32]int64, error) {
			return kafka.Ends(ctx, cfg.Kafka.Topic, partitions)
		},
		Store:     clickhouse.NewStore(conn, epoch.Number, def),
		Sink:      deadletter.New(clickhouse.NewSink(conn, epoch.Number, def), producer, m.LetterRefused),
		Permanent: clickhouse.IsPermanent, Observer: m, Now: time.Now, ID: processorID(), Log: log,
	})
	reg.MustRegister(metrics.NewExporter(metrics.ExporterConfig{
		Epoch: epoch.Number, Log: log,
		Dimensions: lowCardinality(def), Quality: cfg.Event.Metrics(), Partitions: def.Partitions, Target: cfg.Target.Share, Standards: standards,
	}, p.View, time.Now))
	return &processing{Pipeline: p, dead: producer}, nil
}

func standardsOf(cfg *config.Config) (out []metrics.Standard, err error) {
	all, err := cfg.Standards()
	for _, s := range all {
		out = append(out, metrics.Standard(s))
	}
	return out, err
}

// Bounds of what a processor that works may leave waiting.
const (
	stalledAfter = time.Minute     // no checkpoint although records wait
	farBehind    = 5 * time.Minute // age of the figures
)

// consuming is a check for readiness: where records wait, checkpoints go on.
func (p *processing) consuming(context.Context) error { return stalled(p.View()) }

func stalled(view pipeline.View) error {
	for _, v := range view.Partitions {
		if v.Stalled > stalledAfter {
			return fmt.Errorf("partition %d has stalled: records wait behind offset %d, and for %s no checkpoint took them on", v.Partition, v.Progress.Cut, v.Stalled.Round(time.Second))
		}
	}
	return nil
}

// keepsUp is a check for readiness: the figures are not far behind the topic.
func (p *processing) keepsUp(context.Context) error { return behind(p.View(), time.Now()) }

func behind(view pipeline.View, now time.Time) error {
	for _, v := range view.Partitions {
		if age := v.LagTime(now); age > farBehind {
			return fmt.Errorf("partition %d is far behind: its figures are as of %s ago, %d records wait", v.Partition, age.Round(time.Second), v.Lag)
		}
	}
	return nil
}

// Close ends the producer of dead letters.
func (p *processing) Close(context.Context) error { return p.dead.Close() }

// assigned is a check for readiness: partitions have been given out, possibly none to this process.
func (p *processing) assigned(context.Context) error {
	if p.View().Topic == 0 {
		return errors.New("no partitions are assigned yet")
	}
	return nil
}

// ownsFirst says whether this process owns the first partition.
func (p *processing) ownsFirst() bool {
	return slices.ContainsFunc(p.View().Partitions, func(v pipeline.PartitionView) bool { return v.Partition == 0 })
}

func newAssigner(cfg *config.Config, hooks source.Hooks, log zerolog.Logger) (pipeline.Source, error) {
	if cfg.Processor.Partitions == "" {
		return source.NewGroup(cfg.Kafka.Config, cfg.Kafka.GroupConfig(), hooks, log), nil
	}
	static, err := cfg.Kafka.StaticConfig(cfg.Processor.Partitions)
	if err != nil {
		return nil, err
	}
	return source.NewStatic(cfg.Kafka.Config, static, hooks, log), nil
}

// withCustomerKey is the admission's configuration with the secret for customer_ids: hmac.
func withCustomerKey(cfg *config.Config) (admit.Config, error) {
	admission := cfg.Admission
	if cfg.Event.CustomerIDs != "hmac" {
		return admission, nil
	}
	key, err := admit.LoadCustomerKey(cfg.Event.CustomerKeyFile)
	if err != nil {
		return admission, fmt.Errorf("event.%w", err)
	}
	admission.CustomerKey = key
	return admission, nil
}

// lowCardinality is the dimensions that may be labels: products can be thousands.
func lowCardinality(def *window.Definition) []string {
	return slices.DeleteFunc(slices.Clone(def.Dimensions), func(d string) bool { return d == window.Product })
}

// processorID names this process in checkpoints and logs, for people.
func processorID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}
