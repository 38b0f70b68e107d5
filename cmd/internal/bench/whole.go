package bench

import (
	"context"
	"fmt"
	"time"

	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// whole measures the way from the broker into ClickHouse: a pipeline with all partitions, until every one is checkpointed at
// its end, and the engine until it has merged.
func whole(ctx context.Context, o Options, topic string, in *input, r *Report) error {
	cfg := source.DefaultStaticConfig()
	cfg.Topic, cfg.GroupID, cfg.Partitions = topic, "", nil
	for p := range o.Partitions {
		cfg.Partitions = append(cfg.Partitions, int32(p))
	}
	rows := &rowCount{}
	p := pipeline.New(pipeline.DefaultConfig(), pipeline.Parts{
		Definition: o.Definition, Events: in.events, Admission: admit.DefaultConfig(), Source: source.NewStatic(cluster(o), cfg, source.Hooks{}, o.Log),
		Reader: func(n int32) pipeline.Reader {
			return source.NewReader(cluster(o), source.DefaultReaderConfig(), topic, n, source.Hooks{}, o.Log)
		},
		Store: clickhouse.NewStore(o.Conn, 1, o.Definition), Sink: clickhouse.NewSink(o.Conn, 1, o.Definition),
		Permanent: clickhouse.IsPermanent, Observer: rows, Now: time.Now, ID: "bench", Log: o.Log,
	})
	begin, self, engine, allocated := time.Now(), cpu(), o.engine(), allocations()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if err := untilRead(p, len(in.messages), done); err != nil {
		return err
	}
	r.Seconds = time.Since(begin).Seconds()
	r.PerSecond = float64(o.Records) / r.Seconds
	r.CPU = perMillion(cpu()-self, o.Records)
	r.Allocations = float64(allocations()-allocated) / float64(o.Records)
	r.PeakMemory = peakMemory()
	stop()
	if err := <-done; err != nil {
		return err
	}
	r.RowsPerRating = float64(rows.total.Load()) / float64(o.Records)
	o.settle(ctx)
	r.EngineCPU = perMillion(o.engine()-engine, o.Records)
	return nil
}

// untilRead waits until checkpoints cover all records.
func untilRead(p *pipeline.Pipeline, records int, done <-chan error) error {
	for {
		covered := int64(0)
		for _, pt := range p.View().Partitions {
			covered += max(pt.Progress.Cut, 0)
		}
		if covered >= int64(records) {
			return nil
		}
		select {
		case err := <-done:
			return fmt.Errorf("the pipeline ended at %d of %d records: %w", covered, records, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (o *Options) engine() float64 {
	if o.EngineCPU == nil {
		return 0
	}
	return o.EngineCPU()
}

// settle waits until the engine is idle: its merges are part of what storing costs.
func (o *Options) settle(ctx context.Context) {
	if o.EngineCPU == nil {
		return
	}
	for range 30 {
		before := o.EngineCPU()
		time.Sleep(time.Second)
		if ctx.Err() == nil && o.EngineCPU()-before < 0.15 {
			return
		}
	}
}
