package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"

	"satisflow/pipeline/logid"
)

// ErrTruncated says that the log ends below the offset asked for: the topic was
// re-created or truncated. It comes marked as permanent.
var ErrTruncated = errors.New("the log ends below the offset to read next")

// Handler takes one batch. An error ends Run. ctx is the one given to Run.
type Handler func(ctx context.Context, b Batch) error

// Reader reads one partition from an offset on, in order, each record once.
type Reader struct {
	cluster   Config
	config    ReaderConfig
	topic     string
	partition int32
	hooks     Hooks
	log       zerolog.Logger
}

// NewReader makes a reader of one partition; the configurations must be valid.
func NewReader(cluster Config, config ReaderConfig, topic string, partition int32, hooks Hooks, log zerolog.Logger) *Reader {
	return &Reader{
		cluster: cluster, config: config, topic: topic, partition: partition, hooks: hooks,
		log: log.With().Str("topic", topic).Int32("partition", partition).Logger(),
	}
}

// Run hands the partition's records from the offset from on to handle, whatever log they are of: see Continue.
func (r *Reader) Run(ctx context.Context, from int64, handle Handler) error {
	return r.Continue(ctx, logid.Position{Next: from}, handle)
}

// Continue hands the partition's records from the position on to handle, one batch at a
// time. Broken connections, leader changes and broker restarts are retried for ever; at
// each connection the log must be the position's, and the last record that was read must
// still be there as it was. Continue returns nil when ctx ends, handle's error, an
// ErrTruncated or a logid.ErrAnother. Where retention was faster than we, it calls
// Hooks.Lost and goes on at the start of the log.
func (r *Reader) Continue(ctx context.Context, at logid.Position, handle Handler) error {
	dialer, err := r.cluster.dialer()
	if err != nil {
		return fmt.Errorf("read %s/%d: %w", r.topic, r.partition, Permanent(err))
	}
	run := &reading{
		Reader: r, dialer: dialer, handle: handle, topicID: at.Log, next: at.Next, last: at.Last,
		retry:      backoff{least: min(100*time.Millisecond, r.config.RetryMax), most: r.config.RetryMax},
		complaints: complaints{log: r.log},
	}
	for {
		err := run.connection(ctx)
		var refused handlerError
		switch {
		case errors.As(err, &refused):
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return nil
			}
			return refused.error
		case ctx.Err() != nil:
			return nil
		case IsPermanent(err):
			return err
		}
		r.hooks.fetchError(r.partition, err)
		run.complaints.add(err, "cannot read the partition, retrying")
		run.retry.wait(ctx)
	}
}

// handlerError tells the handler's errors from Kafka's, which are retried.
type handlerError struct{ error }

func (e handlerError) Unwrap() error { return e.error }

// reading is the state of one Run.
type reading struct {
	*Reader
	dialer     *kafka.Dialer
	handle     Handler
	topicID    logid.ID // what the topic must be, as far as it is known
	next       int64
	last       logid.Mark // the record before next
	unverified bool       // last was not compared on this connection
	behind     time.Time  // since when the log has ended below next; zero when it doesn't
	size       int        // records of the last batch, to size the next one
	bootstrap  int        // the broker to ask first
	retry      backoff
	complaints complaints
}

// connection reads through one connection until it breaks; it never returns nil.
func (r *reading) connection(ctx context.Context) error {
	conn, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	w := newWatchdog(conn)
	defer w.rest()
	if err := r.identify(ctx); err != nil {
		return err
	}
	w.watch(r.cluster.RequestTimeout)
	if err := r.settle(conn); err != nil {
		return w.explain(err)
	}
	for {
		if err := r.fetch(ctx, conn, w); err != nil {
			return w.explain(err)
		}
		r.retry.reset()
		r.complaints.clear("reading the partition again")
	}
}

// identify compares the topic with the one that the position is of.
func (r *reading) identify(ctx context.Context) error {
	if r.topicID.IsZero() {
		return nil
	}
	found, err := r.cluster.identify(ctx, r.topic)
	if err != nil {
		return fmt.Errorf("identify the topic %s: %w", r.topic, err)
	}
	if !found.Same(r.topicID) {
		return Permanent(logid.Another(r.topicID, found))
	}
	return nil
}

// dial connects to the partition's leader, asking one bootstrap broker for it; the next
// attempt asks the next one.
func (r *reading) dial(ctx context.Context) (*kafka.Conn, error) {
	broker := r.cluster.Brokers[r.bootstrap%len(r.cluster.Brokers)]
	r.bootstrap++
	ctx, cancel := context.WithTimeout(ctx, r.cluster.RequestTimeout)
	defer cancel()
	partitions, err := r.dialer.LookupPartitions(ctx, "tcp", broker, r.topic)
	if err != nil {
		return nil, fmt.Errorf("look up the leader of %s/%d at %s: %w", r.topic, r.partition, broker, err)
	}
	for _, p := range partitions {
		if p.ID != int(r.partition) {
			continue
		}
		if p.Error != nil {
			return nil, fmt.Errorf("look up the leader of %s/%d at %s: %w", r.topic, r.partition, broker, p.Error)
		}
		conn, err := r.dialer.DialPartition(ctx, "tcp", broker, p)
		if err != nil {
			return nil, fmt.Errorf("connect to the leader of %s/%d: %w", r.topic, r.partition, err)
		}
		return conn, nil
	}
	return nil, fmt.Errorf("topic %s has no partition %d: %w", r.topic, r.partition, kafka.UnknownTopicOrPartition)
}

// settle compares the offset to read next with what the log holds.
func (r *reading) settle(conn *kafka.Conn) error {
	first, last, err := conn.ReadOffsets()
	if err != nil {
		return fmt.Errorf("list the offsets of %s/%d: %w", r.topic, r.partition, err)
	}
	if r.next > last {
		return r.truncated(last)
	}
	r.behind = time.Time{}
	if r.next >= 0 && r.next < first {
		r.log.Error().Int64("from", r.next).Int64("to", first).Int64("records", first-r.next).
			Msg("retention removed records before they were read")
		r.hooks.lost(r.partition, r.next, first)
	}
	r.next = max(r.next, first)
	r.unverified = r.last.Known && r.last.Offset >= first && r.last.Offset < r.next
	return nil
}

// truncated gives a moment to a leader that is behind before it gives up.
func (r *reading) truncated(last int64) error {
	if r.behind.IsZero() {
		r.behind = time.Now()
	}
	err := fmt.Errorf("%s/%d ends at offset %d, but records up to %d have been processed: "+
		"the topic was re-created or truncated, start a new epoch: %w", r.topic, r.partition, last, r.next, ErrTruncated)
	if time.Since(r.behind) < r.config.TruncatedAfter {
		return err
	}
	return Permanent(err)
}
