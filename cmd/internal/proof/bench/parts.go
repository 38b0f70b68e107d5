package bench

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

var errEnd = errors.New("end of the partition")

// fetch measures reading from the broker alone.
func fetch(ctx context.Context, o Options, topic string, in *input, r *Report) error {
	runtime.GC()
	begin := cpu()
	for p := range o.Partitions {
		reader := source.NewReader(cluster(o), source.DefaultReaderConfig(), topic, int32(p), source.Hooks{}, o.Log)
		err := reader.Run(ctx, -1, func(_ context.Context, b source.Batch) error {
			if b.AtEnd {
				return errEnd
			}
			return nil
		})
		if !errors.Is(err, errEnd) {
			return err
		}
	}
	r.add("fetch", "records from the broker", cpu()-begin, in)
	return nil
}

// decode measures reading the JSON and deciding on admission.
func decode(_ context.Context, _ Options, _ string, in *input, r *Report) error {
	ad, err := admitter(in)
	if err != nil {
		return err
	}
	runtime.GC()
	begin := cpu()
	var ev event.Event
	for i := range in.messages {
		m := &in.messages[i]
		ad.Admit(&admit.Record{Timestamp: event.RecordTime(m.Time.UnixMilli()), Value: m.Value}, &ev)
	}
	r.add("decode", "JSON, validation, admission", cpu()-begin, in)
	return nil
}

// batchRecords is about what a fetch of 4 MiB holds.
const batchRecords = 10_000

// fold measures the owners: folding, pane sums, closing windows, with a store and a sink that do nothing.
func fold(ctx context.Context, o Options, _ string, in *input, r *Report) error {
	seconds, err := through(ctx, o, in, nothing{})
	r.add("fold", "panes, windows, snapshot", seconds, in)
	return err
}

// insert measures turning rows into columns, sending them, and the engine's storing.
func insert(ctx context.Context, o Options, _ string, in *input, r *Report) error {
	engine := o.engine()
	sink := &timed{Sink: clickhouse.NewSink(o.Conn, 1, o.Definition)}
	if _, err := through(ctx, o, in, sink); err != nil {
		return err
	}
	r.add("encode", "rows into columns, and sending them", sink.cpu, in)
	if o.EngineCPU != nil {
		r.add("insert", "in ClickHouse, merges not awaited", o.engine()-engine, in)
	}
	return nil
}

// through sends all records through owners and a flusher, with a flush for every 100,000 facts, and returns the CPU seconds
// of all but the decoding.
func through(ctx context.Context, o Options, in *input, sink owner.Sink) (float64, error) {
	ad, err := admitter(in)
	if err != nil {
		return 0, err
	}
	cfg := &owner.Config{Grid: o.Definition.Grid(), Bands: o.Definition.Bands, Metrics: len(o.Definition.Quality), Definition: o.Definition.Hash(), Lateness: 2 * time.Minute,
		Retention: admit.DefaultConfig().Retention, MaxBytes: 64 << 20}
	f := owner.Flusher{Store: nothing{}, Sink: sink, BlockRows: 100_000}
	used, waiting := 0.0, 0
	var owners []*owner.Owner
	for p, records := range in.records(o.Partitions) {
		ow, err := owner.Assign(ctx, cfg, nothing{}, int32(p), o.Now.UnixMilli())
		if err != nil {
			return 0, err
		}
		owners = append(owners, ow)
		for from := 0; from < len(records); from += batchRecords {
			batch := decoded(ad, records[from:min(from+batchRecords, len(records))])
			begin := cpu()
			for len(batch) > 0 {
				n := ow.Fold(batch)
				waiting += n
				if batch = batch[n:]; len(batch) > 0 || waiting >= 100_000 {
					if _, err := f.Flush(ctx, owners, o.Now.UnixMilli(), false); err != nil {
						return 0, err
					}
					waiting = 0
				}
			}
			used += cpu() - begin
		}
	}
	begin := cpu()
	_, err = f.Flush(ctx, owners, o.Now.UnixMilli(), false)
	return used + cpu() - begin, err
}

func decoded(ad *admit.Admitter, in []source.Record) []owner.Record {
	out := make([]owner.Record, len(in))
	for i := range in {
		r := &in[i]
		out[i] = owner.Record{Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(), Bytes: len(r.Value)}
		ad.Admit(&admit.Record{Timestamp: event.RecordTime(out[i].Timestamp), Value: r.Value}, &out[i].Event)
	}
	return out
}

func (r *Report) add(name, what string, seconds float64, in *input) {
	r.Parts = append(r.Parts, Part{Name: name, What: what, CPU: perMillion(seconds, len(in.messages))})
}

// nothing is a store without rows and a sink that forgets.
type nothing struct{}

func (nothing) Checkpoints(context.Context, []int32) (map[int32]owner.Checkpoint, error) {
	return nil, nil
}
func (nothing) KnownPanes(context.Context, int32, func(window.Pane)) error { return nil }
func (nothing) PaneSums(context.Context, int32, window.Pane, window.Pane, []window.Key, func(window.Pane, window.Key, *window.Sums)) error {
	return nil
}
func (nothing) PageFacts(context.Context, int32, []window.Pane, func(window.Pane, *event.Event, uint64)) error {
	return nil
}
func (nothing) Clock(context.Context) (int64, error) { return time.Now().UnixMilli(), nil }
func (nothing) Arrivals(context.Context, int32, int64, func(int64, owner.Arrival)) error {
	return nil
}
func (nothing) PageKeys(context.Context, int32, []window.Pane, func(window.Pane, window.Key)) error {
	return nil
}
func (nothing) InsertFacts(context.Context, []fact.Fact) error              { return nil }
func (nothing) InsertPanes(context.Context, []owner.PaneRow) error          { return nil }
func (nothing) InsertWindows(context.Context, []owner.WindowRow) error      { return nil }
func (nothing) InsertDeadLetters(context.Context, []owner.DeadLetter) error { return nil }
func (nothing) InsertCheckpoints(context.Context, []owner.Checkpoint) error { return nil }

// timed counts the CPU that inserts take in this process.
type timed struct {
	owner.Sink
	cpu float64
}

func (t *timed) InsertFacts(ctx context.Context, rows []fact.Fact) error {
	defer t.since(cpu())
	return t.Sink.InsertFacts(ctx, rows)
}

func (t *timed) InsertPanes(ctx context.Context, rows []owner.PaneRow) error {
	defer t.since(cpu())
	return t.Sink.InsertPanes(ctx, rows)
}

func (t *timed) InsertWindows(ctx context.Context, rows []owner.WindowRow) error {
	defer t.since(cpu())
	return t.Sink.InsertWindows(ctx, rows)
}

func (t *timed) since(begin float64) { t.cpu += cpu() - begin }

// rowCount counts the rows that a pipeline writes.
type rowCount struct{ total atomic.Int64 }

func (*rowCount) Rejected(string)                  {}
func (*rowCount) Misrouted()                       {}
func (*rowCount) ProducerAhead()                   {}
func (*rowCount) Flushed(time.Duration, time.Time) {}
func (c *rowCount) Inserted(_ string, rows int, _ time.Duration, err error) {
	if err == nil {
		c.total.Add(int64(rows))
	}
}
