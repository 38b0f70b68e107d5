package rebuild

import (
	"context"
	"fmt"

	"satisflow/pipeline"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// FromFacts fills the epoch with the facts that another one holds below its checkpoints. With newTopic the epoch is for
// another topic, of any number of partitions; else for the same one. What an earlier attempt left is removed first. An
// outage of ClickHouse is waited out. Another process that works on the epoch is an error that wraps ErrRefused.
func FromFacts(ctx context.Context, parts Parts, from, to *clickhouse.Epoch, newTopic bool, tell func(Progress)) error {
	return holdPatiently(ctx, parts, to, func(ctx context.Context) error { return fromFacts(ctx, parts, from, to, newTopic, tell) })
}

func fromFacts(ctx context.Context, parts Parts, from, to *clickhouse.Epoch, newTopic bool, tell func(Progress)) error {
	cuts, err := cutsOf(ctx, parts, from, to, newTopic)
	if err != nil {
		return err
	}
	patient := patientFor(parts)
	err = patient.Do(ctx, "remove what an earlier attempt left", func(ctx context.Context) error {
		return clickhouse.ClearEpoch(ctx, parts.Conn, parts.Cluster, to.Number)
	})
	if err != nil {
		return err
	}
	c, err := newCopying(ctx, parts, to, cuts, newTopic)
	if err != nil {
		return err
	}
	if err := c.copyFacts(ctx, patient, clickhouse.NewCopier(parts.Conn, from, &to.Definition), cuts, tell); err != nil {
		return err
	}
	if !newTopic {
		err := patient.Do(ctx, "copy dead letters", func(ctx context.Context) error {
			if err := clickhouse.CopyReplayed(ctx, parts.Conn, from.Number, to.Number); err != nil {
				return err
			}
			return clickhouse.CopyDeadLetters(ctx, parts.Conn, from.Number, to.Number)
		})
		if err != nil {
			return err
		}
	}
	if err := c.finish(ctx); err != nil {
		return err
	}
	return forget(ctx, parts)
}

// forget removes the text of ratings that were erased while they were read: an erasure has looked through the epoch, and
// found them not yet.
func forget(ctx context.Context, parts Parts) error {
	return patientFor(parts).Do(ctx, "remove the text of erased ratings", func(ctx context.Context) error {
		_, err := clickhouse.NewErasures(parts.Conn, parts.Cluster).BlankOthers(ctx)
		return err
	})
}

// patientFor returns what repeats the steps of the copy that are not a processor's. Their attempts have no bound but the
// client's: reading a slice of facts pauses for the flushes of what was read.
func patientFor(parts Parts) *pipeline.Retrier {
	cfg := parts.Pipeline
	cfg.InsertTimeout = 0
	return pipeline.NewRetrier(cfg, clickhouse.IsPermanent, parts.Log)
}

// copyFacts folds all facts below the cuts.
func (c *copying) copyFacts(ctx context.Context, patient *pipeline.Retrier, from *clickhouse.Copier, cuts map[int32]owner.Checkpoint, tell func(Progress)) error {
	var slices []clickhouse.Slice
	err := patient.Do(ctx, "look for the facts", func(ctx context.Context) (err error) {
		slices, err = from.Slices(ctx)
		return err
	})
	if err != nil {
		return err
	}
	var progress Progress
	for _, s := range slices {
		progress.Total += int64(s.Facts)
	}
	for _, s := range slices {
		err := patient.Do(ctx, "read facts", func(ctx context.Context) error {
			return from.Facts(ctx, s, cuts, func(f *fact.Fact) error {
				// Facts come in order of occurred_at, so a read that broke off goes on at the second of the last one; the
				// facts of this second that were folded already are versions that their owner has.
				s.From = f.Event.OccurredAt / 1000
				return c.add(ctx, f)
			})
		})
		if err != nil {
			return err
		}
		progress.Done += int64(s.Facts)
		tell(progress)
	}
	return nil
}

// cutsOf returns the checkpoints of the running epoch, if its facts can be copied at all.
func cutsOf(ctx context.Context, parts Parts, from, to *clickhouse.Epoch, newTopic bool) (map[int32]owner.Checkpoint, error) {
	switch {
	case newTopic && parts.Events.CustomerIDs == "hmac":
		return nil, fmt.Errorf("copy the facts of epoch %d to a new topic: with event.customer_ids: hmac the ids that producers hash are not stored, "+
			"so nobody knows the new partition of a customer: copy the old topic's records to the new one, then rebuild --from topic", from.Number)
	case !newTopic && !from.Log.Same(to.Log):
		return nil, fmt.Errorf("%w: epoch %d was read from %s, and kafka.brokers and kafka.topic lead to %s: add --new-topic if this topic goes on where that one ended",
			ErrRefused, from.Number, from.Log, to.Log)
	case !newTopic && from.Definition.Partitions != to.Definition.Partitions:
		return nil, fmt.Errorf("epoch %d is of %d partitions, epoch %d of %d: facts can be copied to another number of partitions for a new topic only",
			from.Number, from.Definition.Partitions, to.Number, to.Definition.Partitions)
	}
	filled, err := clickhouse.EpochCheckpoints(ctx, parts.Conn, to)
	if err != nil {
		return nil, err
	}
	if len(filled) > 0 {
		return nil, fmt.Errorf("epoch %d is filled already, or is being filled from the topic: drop it and take another number to begin anew", to.Number)
	}
	cuts, err := clickhouse.EpochCheckpoints(ctx, parts.Conn, from)
	if err != nil {
		return nil, err
	}
	if n := from.Definition.Partitions; len(cuts) < n {
		return nil, fmt.Errorf("only %d of the %d partitions of epoch %d have a checkpoint: let a processor read all of them first", len(cuts), n, from.Number)
	}
	return cuts, nil
}

// copying folds facts into the owners of the new epoch.
type copying struct {
	parts    Parts
	grid     window.Grid
	newTopic bool
	owners   []*owner.Owner
	ends     []end
	store    owner.Store
	sink     *heldSink
	flusher  owner.Flusher

	batches [][]owner.Record // by partition
	waiting int              // in batches
	facts   int              // since the last flush
	pane    window.Pane      // of the last fact
}

// end is where a processor goes on, as the checkpoint of the partition says; times in Unix ms.
type end struct {
	cut, watermark, fresh int64
	log                   event.LogTime
	last                  logid.Mark
}

func newCopying(ctx context.Context, parts Parts, to *clickhouse.Epoch, cuts map[int32]owner.Checkpoint, newTopic bool) (*copying, error) {
	def := &to.Definition
	r := pipeline.NewRetrier(parts.Pipeline, clickhouse.IsPermanent, parts.Log)
	c := &copying{parts: parts, grid: def.Grid(), newTopic: newTopic, store: r.Store(clickhouse.NewStore(parts.Conn, to.Number, def)),
		sink: &heldSink{Sink: r.Sink(clickhouse.NewSink(parts.Conn, to.Number, def), silent{})}, batches: make([][]owner.Record, def.Partitions)}
	c.flusher = owner.Flusher{Store: c.store, Sink: c.sink, BlockRows: parts.Pipeline.BlockRows}
	cfg := &owner.Config{
		Grid: c.grid, Bands: def.Bands, Attributes: parts.Events.Attributes, Metrics: len(def.Quality), Definition: def.Hash(), Topic: to.Log, ID: parts.ID,
		Lateness: parts.Pipeline.Lateness, Retention: parts.Admission.Retention, MaxBytes: parts.Pipeline.MemoryBytes / def.Partitions,
	}
	for i := range def.Partitions {
		o, err := owner.Assign(ctx, cfg, c.store, int32(i), parts.Now().UnixMilli())
		if err != nil {
			return nil, err
		}
		c.ends = append(c.ends, endOf(cuts, int32(i), newTopic))
		o.AtEnd(c.ends[i].cut, 0)
		c.owners = append(c.owners, o)
	}
	return c, nil
}

// endOf returns the end of the partition: on the same topic that of its checkpoint; on a new one the start of the topic,
// with the times of the partition that is least far, as its ratings come from all.
func endOf(cuts map[int32]owner.Checkpoint, partition int32, newTopic bool) end {
	if !newTopic {
		c := cuts[partition]
		return end{c.Cut, c.Watermark, c.FreshAt, c.Log, c.Last}
	}
	e := end{0, cuts[0].Watermark, cuts[0].FreshAt, cuts[0].Log, logid.Mark{}}
	for _, c := range cuts {
		e.watermark, e.fresh = min(e.watermark, c.Watermark), min(e.fresh, c.FreshAt)
		e.log = min(e.log, c.Log)
	}
	return e
}

// batch is how many facts are folded at once.
const batch = 2000

// add takes the next fact in order of occurred_at. It flushes between two panes only.
func (c *copying) add(ctx context.Context, f *fact.Fact) error {
	pane := c.grid.PaneOf(f.Event.OccurredAt)
	if pane != c.pane && c.facts >= c.parts.Pipeline.CatchUpFacts {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	c.pane = pane
	partition, offset := f.Partition, f.Offset
	if c.newTopic {
		partition, offset = source.PartitionOf([]byte(f.Event.CustomerID), len(c.owners)), -1
	}
	c.batches[partition] = append(c.batches[partition], owner.Record{
		Offset: offset, Timestamp: f.Timestamp, Event: f.Event, Bytes: 500 + len(f.Event.Comment), Copied: true,
	})
	c.facts++
	if c.waiting++; c.waiting < batch {
		return nil
	}
	return c.fold(ctx)
}

// fold folds what waits. Where a pane alone uses up the memory, part of it is flushed: its rows are then written again,
// with the same version, and the later ones stay.
func (c *copying) fold(ctx context.Context) error {
	for i, o := range c.owners {
		for records := c.batches[i]; len(records) > 0; {
			n := o.Fold(records)
			if records = records[n:]; len(records) > 0 {
				if err := c.write(ctx, false); err != nil {
					return err
				}
			}
		}
		c.batches[i] = c.batches[i][:0]
	}
	c.waiting = 0
	return nil
}

func (c *copying) flush(ctx context.Context) error {
	if err := c.fold(ctx); err != nil {
		return err
	}
	c.facts = 0
	return c.write(ctx, false)
}

func (c *copying) write(ctx context.Context, beat bool) error {
	_, err := c.flusher.Flush(ctx, c.owners, c.parts.Now().UnixMilli(), beat)
	return err
}

// finish writes what is left, then every window up to the watermarks of the running epoch, and the checkpoints.
func (c *copying) finish(ctx context.Context) error {
	if err := c.flush(ctx); err != nil {
		return err
	}
	c.sink.ends = map[int32]end{}
	for i, o := range c.owners {
		o.AtEnd(c.ends[i].cut, max(0, c.ends[i].watermark+c.parts.Pipeline.Lateness.Milliseconds()))
		c.sink.ends[int32(i)] = c.ends[i]
	}
	return c.write(ctx, true)
}

// heldSink holds checkpoints back until all facts are copied: before, they would promise what is not there.
type heldSink struct {
	owner.Sink
	ends map[int32]end // by partition; nil until all facts are copied
}

func (s *heldSink) InsertCheckpoints(ctx context.Context, rows []owner.Checkpoint) error {
	if s.ends == nil {
		return nil
	}
	for i := range rows {
		e := s.ends[rows[i].Partition]
		rows[i].FreshAt, rows[i].Log, rows[i].Last = e.fresh, e.log, e.last
	}
	return s.Sink.InsertCheckpoints(ctx, rows)
}
