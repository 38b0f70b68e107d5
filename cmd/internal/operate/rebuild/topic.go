package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"satisflow/pipeline"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// Lost is how many of the first records of the topic retention has removed.
type Lost int64

// FromTopic fills the epoch with all records that the topic has now, and returns how many its start no longer holds. Where
// from, the epoch that runs, is of the same topic, it takes over which dead letters were replayed there. Another process that works on the epoch is an
// error that wraps ErrRefused.
func FromTopic(ctx context.Context, parts Parts, from, to *clickhouse.Epoch, tell func(Progress)) (lost Lost, err error) {
	err = holdPatiently(ctx, parts, to, func(ctx context.Context) (err error) {
		if err := clearWithoutCheckpoints(ctx, parts, to); err != nil {
			return err
		}
		if oneTopic(from, to) {
			if err := clickhouse.CopyReplayed(ctx, parts.Conn, from.Number, to.Number); err != nil {
				return err
			}
		}
		lost, err = fromTopic(ctx, parts, from, to, tell)
		return err
	})
	return lost, err
}

// oneTopic returns whether both epochs are of one log, as far as that is known.
func oneTopic(a, b *clickhouse.Epoch) bool {
	return a.Log.Same(b.Log) && a.Definition.Partitions == b.Definition.Partitions
}

// clearWithoutCheckpoints removes what a copy of facts has left that was broken off: its rows have the versions of its end, and
// would win over those of a replay.
func clearWithoutCheckpoints(ctx context.Context, parts Parts, to *clickhouse.Epoch) error {
	checkpoints, err := clickhouse.EpochCheckpoints(ctx, parts.Conn, to)
	if err != nil || len(checkpoints) > 0 {
		return err
	}
	return clickhouse.ClearEpoch(ctx, parts.Conn, parts.Cluster, to.Number)
}

func fromTopic(ctx context.Context, parts Parts, from, to *clickhouse.Epoch, tell func(Progress)) (Lost, error) {
	client, err := source.NewClient(parts.Kafka)
	if err != nil {
		return 0, fmt.Errorf("kafka: %w", err)
	}
	defer client.Close()
	first, last, err := client.Offsets(ctx, parts.Topic)
	if err != nil {
		return 0, err
	}
	lost := Lost(0)
	for _, offset := range first {
		lost += Lost(offset)
	}
	p := replay(parts, from, to)
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(running) }()
	err = follow(ctx, p, first, last, ended, tell)
	stop()
	if !errors.Is(err, errEnded) {
		err = errors.Join(err, <-ended)
	}
	if err != nil {
		return lost, err
	}
	return lost, forget(ctx, parts)
}

// replay returns a pipeline that owns all partitions and commits nothing.
func replay(parts Parts, from, to *clickhouse.Epoch) *pipeline.Pipeline {
	static := source.DefaultStaticConfig()
	static.Topic, static.GroupID = parts.Topic, ""
	for i := range to.Definition.Partitions {
		static.Partitions = append(static.Partitions, int32(i))
	}
	def := &to.Definition
	store := clickhouse.NewStore(parts.Conn, to.Number, def)
	if oneTopic(from, to) {
		store = store.WithArrivalsOf(from.Number)
	}
	return pipeline.New(parts.Pipeline, pipeline.Parts{
		Definition: def, Topic: to.Log, Events: parts.Events, Admission: parts.Admission, Source: source.NewStatic(parts.Kafka, static, source.Hooks{}, parts.Log),
		Reader: func(partition int32) pipeline.Reader {
			return source.NewReader(parts.Kafka, parts.Reader, parts.Topic, partition, source.Hooks{}, parts.Log)
		},
		// Without the topic of dead letters: the running epoch has sent them there.
		Store: store, Sink: clickhouse.NewSink(parts.Conn, to.Number, def),
		Permanent: clickhouse.IsPermanent, Observer: silent{}, Now: parts.Now, ID: parts.ID, Log: parts.Log,
	})
}

var errEnded = errors.New("the pipeline ended")

// follow returns when every partition is checkpointed at its end.
func follow(ctx context.Context, p *pipeline.Pipeline, first, last map[int32]int64, ended <-chan error, tell func(Progress)) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return errors.Join(errEnded, err)
		case <-tick.C:
		}
		progress, durable := reached(p.View().Partitions, first, last)
		tell(progress)
		if durable {
			return nil
		}
	}
}

// reached says how far the partitions were read, and whether all are durable up to their ends.
func reached(partitions []pipeline.PartitionView, first, last map[int32]int64) (Progress, bool) {
	var p Progress
	for partition, end := range last {
		p.Total += end - first[partition]
	}
	durable := 0
	for i := range partitions {
		pr, n := &partitions[i].Progress, partitions[i].Partition
		p.Done += max(0, min(pr.Next, last[n])-first[n])
		if pr.Cut >= last[n] {
			durable++
		}
	}
	return p, durable == len(last)
}
