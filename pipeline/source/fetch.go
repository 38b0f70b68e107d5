package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"satisflow/pipeline/logid"
)

// fetch makes one fetch request and hands its records over.
func (r *reading) fetch(ctx context.Context, conn *kafka.Conn, w *watchdog) error {
	started := time.Now()
	w.watch(r.config.MaxWait + r.cluster.RequestTimeout)
	from := r.next
	if r.unverified {
		from = r.last.Offset // once more: it must be the record that was read
	}
	if _, err := conn.Seek(from, kafka.SeekAbsolute|kafka.SeekDontCheck); err != nil {
		return err
	}
	asked := r.next
	batch := conn.ReadBatchWith(kafka.ReadBatchConfig{
		MinBytes: r.config.MinBytes, MaxBytes: r.config.MaxBytes, MaxWait: r.config.MaxWait,
	})
	records, err := r.drain(ctx, batch, w)
	w.rest()
	_ = batch.Close() // its error is the one that drain saw
	if skipped := batch.Offset(); err == nil && skipped > r.next {
		r.next = skipped // compaction removed the last records of a batch
	}
	if len(records) > 0 || err == nil {
		if refused := r.deliver(ctx, records, batch.HighWaterMark(), true); refused != nil {
			return refused
		}
	}
	if err != nil {
		return fmt.Errorf("fetch %s/%d at %d: %w", r.topic, r.partition, r.next, err)
	}
	if r.unverified = false; r.next == asked {
		sleep(ctx, r.config.MaxWait-time.Since(started)) // whatever made the broker answer early
	}
	return nil
}

// drain reads the batch to its end and returns the records that are left to hand over.
// A batch that decompresses to more than MaxBytes is handed over in pieces, which bounds
// the memory; meanwhile the rest of it waits in the connection.
func (r *reading) drain(ctx context.Context, batch *kafka.Batch, w *watchdog) ([]Record, error) {
	var bytes int
	var records []Record
	for {
		m, err := batch.ReadMessage()
		if err != nil {
			return records, endOf(batch, r.next, err)
		}
		if m.Offset < r.next {
			if m.Offset == r.last.Offset && r.unverified && readRecord(batch, &m).Sum != r.last.Sum {
				return nil, Permanent(logid.Replaced(r.partition, r.last, r.topicID))
			}
			continue
		}
		if records == nil {
			records = make([]Record, 0, r.size+r.size/8)
		}
		record := readRecord(batch, &m)
		records = append(records, record)
		r.next, r.last = m.Offset+1, record.Mark()
		if bytes += records[len(records)-1].bytes(); bytes < r.config.MaxBytes {
			continue
		}
		w.rest()
		if err := r.deliver(ctx, records, batch.HighWaterMark(), false); err != nil {
			return nil, err
		}
		w.watch(r.cluster.RequestTimeout)
		records, bytes = nil, 0
	}
}

// endOf turns kafka-go's ways to say that there is no more into nil. At the end of the
// partition it says RequestTimedOut, as it does for the broker's error of that name.
func endOf(batch *kafka.Batch, next int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, kafka.RequestTimedOut) && batch.HighWaterMark() == next {
		return nil
	}
	return err
}

// deliver hands the records below r.next over; last says that they end the fetch.
func (r *reading) deliver(ctx context.Context, records []Record, highWatermark int64, last bool) error {
	r.size = max(len(records), r.size/2)
	err := r.handle(ctx, Batch{
		Partition: r.partition, Records: records, Next: r.next, HighWatermark: highWatermark,
		AtEnd: last && r.next >= highWatermark,
	})
	if err != nil {
		return handlerError{err}
	}
	return nil
}

// watchdog closes a connection whose broker does not answer in time.
type watchdog struct {
	timer *time.Timer
	limit time.Duration
	bit   atomic.Bool
}

func newWatchdog(conn io.Closer) *watchdog {
	w := &watchdog{}
	w.timer = time.AfterFunc(time.Hour, func() {
		w.bit.Store(true)
		_ = conn.Close()
	})
	return w
}

// watch starts to count; rest stops.
func (w *watchdog) watch(limit time.Duration) {
	w.limit = limit
	w.timer.Reset(limit)
}

func (w *watchdog) rest() { w.timer.Stop() }

// explain names the cause of an error that closing the connection brought about.
func (w *watchdog) explain(err error) error {
	var refused handlerError
	if w.bit.Load() && !errors.As(err, &refused) {
		return fmt.Errorf("no answer within %s: %w", w.limit, err)
	}
	return err
}
