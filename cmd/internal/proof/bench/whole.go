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
	running, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- p.Run(running) }()
	if err := untilRead(ctx, p, len(in.messages), done); err != nil {
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
	if err := o.settle(ctx); err != nil {
		return err
	}
	r.EngineCPU = perMillion(o.engine()-engine, o.Records)
	return nil
}

// untilRead waits until checkpoints cover all records.
func untilRead(ctx context.Context, p *pipeline.Pipeline, records int, done <-chan error) error {
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
			return endedEarly(ctx, err, covered, records)
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

// endedEarly says why a pipeline ended before it had read all records.
func endedEarly(ctx context.Context, err error, covered int64, records int) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted at %d of %d records: %w", covered, records, context.Cause(ctx))
	case err == nil:
		return fmt.Errorf("the pipeline ended by itself at %d of %d records", covered, records)
	default:
		return fmt.Errorf("the pipeline ended at %d of %d records: %w", covered, records, err)
	}
}

// How long the engine must have been quiet, and how long that is waited for.
const (
	quietFor     = 3 * time.Second
	settleWithin = 10 * time.Minute
)

// activity is what the engine does after the last insert.
type activity struct {
	merges, parts, rows uint64
}

// settle waits until the engine has merged what it will: no merge has run, and the parts were the same, for three seconds.
// Its merges are part of what storing costs. The error says that it was interrupted, or that the engine was never quiet.
func (o *Options) settle(ctx context.Context) error {
	if o.EngineCPU == nil {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	var last activity
	for since := time.Now(); ; {
		now, err := o.activity(within)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("interrupted while the engine merges: %w", context.Cause(ctx))
		case within.Err() != nil:
			return fmt.Errorf("the engine still merges after %s (%d merges, %d parts): its share of the CPU is not known", settleWithin, last.merges, last.parts)
		case err != nil:
			return fmt.Errorf("look at the merges of the engine: %w", err)
		case now.merges > 0 || now != last:
			last, since = now, time.Now()
		case time.Since(since) >= quietFor:
			return nil
		}
		select {
		case <-within.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (o *Options) activity(ctx context.Context) (a activity, err error) {
	err = o.Conn.QueryRow(ctx, `SELECT (SELECT count() FROM system.merges WHERE database = currentDatabase()),
  count(), sum(rows) FROM system.parts WHERE database = currentDatabase() AND active`).Scan(&a.merges, &a.parts, &a.rows)
	return a, err
}
