package pipeline

import (
	"context"
	"fmt"
	"slices"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
)

// partition is one partition of an assignment: what reads it, decides on its records and folds them.
type partition struct {
	run      *run
	owner    *owner.Owner
	admitter *admit.Admitter
	number   int32
	arrivals map[int64]owner.Arrival // of records that were rejected before and may be read again
	flushed  chan struct{}           // a flush was acknowledged
	lag      lag
}

// read reads the partition from the checkpoint on until ctx ends.
func (pt *partition) read(ctx context.Context) error {
	return pt.run.p.parts.Reader(pt.number).Continue(ctx, pt.owner.Position(), pt.handle)
}

// handle admits and folds a batch; it blocks while the partition's memory is used up.
func (pt *partition) handle(ctx context.Context, b source.Batch) error {
	at := event.ProcessorTime(pt.run.p.parts.Now().UnixMilli())
	pt.lag.fetched(b.HighWatermark)
	records := pt.admit(b.Records, at)
	for len(records) > 0 {
		n := pt.owner.Fold(records)
		if records = records[n:]; len(records) > 0 {
			if err := pt.waitForFlush(ctx); err != nil {
				return err
			}
		}
	}
	if b.AtEnd {
		pt.owner.AtEnd(b.Next, int64(at))
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

// admit turns records, read at the time, into events or dead letters.
func (pt *partition) admit(in []source.Record, at event.ProcessorTime) []owner.Record {
	out := make([]owner.Record, len(in))
	rec := admit.Record{Log: pt.owner.Log(), Read: at}
	for i := range in {
		r, o := &in[i], &out[i]
		rec.Partition, rec.Offset, rec.Timestamp, rec.Appended = r.Partition, r.Offset, event.RecordTime(r.Timestamp.UnixMilli()), r.Appended
		rec.Key, rec.Value, rec.Headers = r.Key, r.Value, rec.Headers[:0]
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, admit.Header{Key: h.Key, Value: h.Value})
		}
		log := rec.Log
		pt.asBefore(&rec, at)
		o.Offset, o.Timestamp, o.Read, o.Bytes = r.Offset, int64(rec.Timestamp), at, len(r.Key)+len(r.Value)
		if rej := pt.judge(r, &rec, &o.Event); rej != nil {
			o.Rejected, o.Timed = deadLetter(&rec, rej), rej.Timed
			pt.count(rej)
		} else {
			pt.checkRoute(rec.Customer)
		}
		rec.Log = log
		rec.Log = pt.admitter.LogAfter(&rec)
		o.Log, o.Mark = rec.Log, r.Mark()
	}
	return out
}

// asBefore lets a record that was rejected before be judged as of then, so that a replay decides alike.
func (pt *partition) asBefore(rec *admit.Record, at event.ProcessorTime) {
	rec.Read = at
	a, found := pt.arrivals[rec.Offset]
	if !found {
		return
	}
	delete(pt.arrivals, rec.Offset)
	rec.Read = event.ProcessorTime(a.At)
	if a.Reason == admit.TooOld {
		rec.Log = max(rec.Log, event.LogTime(a.At)) // the end of the log had been seen, or later records
	}
}

// judge admits the record, or says why it does not count.
func (pt *partition) judge(r *source.Record, rec *admit.Record, ev *event.Event) *admit.Rejection {
	if r.Oversized {
		return &admit.Rejection{Reason: admit.TooLarge, Detail: fmt.Sprintf(
			"a batch of records that begins at offset %d and is more than %d bytes when it is decompressed: none of them was read", r.Offset, source.MaxBatchBytes)}
	}
	return pt.admitter.Admit(rec, ev)
}

func (pt *partition) count(rej *admit.Rejection) {
	pt.run.p.parts.Observer.Rejected(rej.Reason)
	if rej.Ahead {
		pt.run.p.parts.Observer.ProducerAhead()
	}
}

// checkRoute counts a rating whose customer should have brought it to another partition, whatever key the record has: a
// version with the right key is there, and both count.
func (pt *partition) checkRoute(customer string) {
	if customer != "" && source.PartitionOf([]byte(customer), pt.run.p.parts.Definition.Partitions) != pt.number {
		pt.run.p.parts.Observer.Misrouted()
	}
}

func deadLetter(r *admit.Record, rej *admit.Rejection) *owner.DeadLetter {
	arrived := int64(r.Read)
	if r.Appended {
		arrived = int64(r.Timestamp)
	}
	return &owner.DeadLetter{Partition: r.Partition, Offset: r.Offset, Timestamp: int64(r.Timestamp), Arrived: arrived, Reason: rej.Reason, Detail: rej.Detail,
		Key: r.Key, Value: r.Value, Headers: slices.Clone(r.Headers)}
}
