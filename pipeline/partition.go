package pipeline

import (
	"context"
	"slices"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
)

// partition is one partition of an assignment: what reads it, decides on its records and folds them.
type partition struct {
	run      *run
	owner    *owner.Owner
	admitter *admit.Admitter
	number   int32
	flushed  chan struct{} // a flush was acknowledged
	lag      lag
}

// read reads the partition from the checkpoint on until ctx ends.
func (pt *partition) read(ctx context.Context) error {
	from := int64(-1) // no checkpoint: the start of the log
	if pr := pt.owner.Progress(); pr.Cut >= 0 {
		from = pr.Next
	}
	return pt.run.p.parts.Reader(pt.number).Run(ctx, from, pt.handle)
}

// handle admits and folds a batch; it blocks while the partition's memory is used up.
func (pt *partition) handle(ctx context.Context, b source.Batch) error {
	at := pt.run.p.parts.Now().UnixMilli()
	pt.lag.fetched(b.HighWatermark)
	records := pt.admit(b.Records)
	for len(records) > 0 {
		n := pt.owner.Fold(records)
		if records = records[n:]; len(records) > 0 {
			if err := pt.waitForFlush(ctx); err != nil {
				return err
			}
		}
	}
	if b.AtEnd {
		pt.owner.AtEnd(b.Next, at)
	}
	return nil
}

// waitForFlush asks for a flush and waits until one is acknowledged.
func (pt *partition) waitForFlush(ctx context.Context) error {
	select {
	case pt.run.kick <- struct{}{}:
	default:
	}
	select {
	case <-pt.flushed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wake lets a partition that waits for a flush go on.
func (pt *partition) wake() {
	select {
	case pt.flushed <- struct{}{}:
	default:
	}
}

// admit turns records into events or dead letters.
func (pt *partition) admit(in []source.Record) []owner.Record {
	out := make([]owner.Record, len(in))
	var rec admit.Record
	for i := range in {
		r, o := &in[i], &out[i]
		rec = admit.Record{Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(), Key: r.Key, Value: r.Value, Headers: rec.Headers[:0]}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, admit.Header{Key: h.Key, Value: h.Value})
		}
		o.Offset, o.Timestamp, o.Bytes = r.Offset, rec.Timestamp, len(r.Key)+len(r.Value)
		if rej := pt.admitter.Admit(&rec, &o.Event); rej != nil {
			o.Rejected = deadLetter(&rec, rej)
			pt.run.p.parts.Observer.Rejected(rej.Reason)
		}
		pt.checkRoute(r)
	}
	return out
}

// checkRoute counts a record that its key should have brought to another partition.
func (pt *partition) checkRoute(r *source.Record) {
	if source.PartitionOf(r.Key, pt.run.p.parts.Definition.Partitions) != pt.number {
		pt.run.p.parts.Observer.Misrouted()
	}
}

func deadLetter(r *admit.Record, rej *admit.Rejection) *owner.DeadLetter {
	return &owner.DeadLetter{Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, Reason: rej.Reason, Detail: rej.Detail,
		Key: r.Key, Value: r.Value, Headers: slices.Clone(r.Headers)}
}
