// Package deadletter owns the dead-letter topic: every rejected record goes there whole, with its reason and the place it
// came from in headers. The table of dead letters is package clickhouse's; what is rejected is decided by package admit.
package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
)

// Headers that are added to the record's own.
const (
	HeaderReason    = "satisflow-reason"
	HeaderDetail    = "satisflow-detail"
	HeaderPartition = "satisflow-partition"
	HeaderOffset    = "satisflow-offset"
	HeaderTimestamp = "satisflow-timestamp" // Unix ms of the record, which a replay keeps
	HeaderBytes     = "satisflow-bytes"     // size of the record's value, where the message has only its beginning
)

const (
	ownHeaders = 5         // that message adds
	shortBytes = 256 << 10 // of a record that is too large for the topic
)

// Producer writes messages; source.Producer does.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// Sink is an owner.Sink that writes dead letters to the topic too, after it has passed them on; all else it only passes on.
// The table comes first: its rows replace each other, while a message that is written again, after an outage of
// ClickHouse or a crash, is there twice. Readers of the topic tell by partition and offset.
type Sink struct {
	owner.Sink
	Topic Producer
}

// InsertDeadLetters passes the rows on and writes them to the topic. A record that the topic does not take goes there
// shortened; the table has it whole.
func (s Sink) InsertDeadLetters(ctx context.Context, rows []owner.DeadLetter) error {
	if err := s.Sink.InsertDeadLetters(ctx, rows); err != nil {
		return err
	}
	messages := make([]source.Message, len(rows))
	for i := range rows {
		messages[i] = message(&rows[i])
	}
	err := s.Topic.Produce(ctx, messages...)
	if errors.Is(err, source.ErrTooLarge) {
		err = s.produceShort(ctx, messages, err)
	}
	if err != nil {
		return fmt.Errorf("write %d dead letters to their topic: %w", len(rows), err)
	}
	return nil
}

// produceShort writes what was too large again, shortened; other failures stay as they are.
func (s Sink) produceShort(ctx context.Context, messages []source.Message, failed error) error {
	var each source.ProduceErrors
	if !errors.As(failed, &each) {
		return failed
	}
	var short []source.Message
	for i, err := range each {
		switch {
		case err == nil:
		case errors.Is(err, source.ErrTooLarge):
			short = append(short, shortened(messages[i]))
		default:
			return failed
		}
	}
	return s.Topic.Produce(ctx, short...)
}

// shortened keeps the beginning of the record and says how long it was. Headers of the record may be large too: only ours stay.
func shortened(m source.Message) source.Message {
	size := len(m.Value)
	m.Value = m.Value[:min(size, shortBytes)]
	m.Headers = append(slices.Clone(m.Headers[len(m.Headers)-ownHeaders:]), source.Header{Key: HeaderBytes, Value: []byte(strconv.Itoa(size))})
	return m
}

func message(d *owner.DeadLetter) source.Message {
	m := source.Message{Key: d.Key, Value: d.Value}
	if len(m.Key) == 0 {
		m.Key = []byte("no key") // the producer needs one; the original's absence shows in its partition and offset
	}
	for _, h := range d.Headers {
		m.Headers = append(m.Headers, source.Header{Key: h.Key, Value: h.Value})
	}
	add := func(key, value string) {
		m.Headers = append(m.Headers, source.Header{Key: key, Value: []byte(value)})
	}
	add(HeaderReason, d.Reason)
	add(HeaderDetail, d.Detail)
	add(HeaderPartition, strconv.Itoa(int(d.Partition)))
	add(HeaderOffset, strconv.FormatInt(d.Offset, 10))
	add(HeaderTimestamp, strconv.FormatInt(d.Timestamp, 10))
	m.Time = time.Now()
	return m
}
