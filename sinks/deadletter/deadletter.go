// Package deadletter owns the dead-letter topic: every rejected record goes there whole, with its reason and the place it
// came from in headers. The table of dead letters is package clickhouse's; what is rejected is decided by package admit.
package deadletter

import (
	"context"
	"fmt"
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
)

// Producer writes messages; source.Producer does.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// Sink is an owner.Sink that writes dead letters to the topic before it passes them on; all else it only passes on. A
// repeated insert repeats the messages: readers of the topic tell by partition and offset.
type Sink struct {
	owner.Sink
	Topic Producer
}

// InsertDeadLetters writes the rows to the topic and passes them on.
func (s Sink) InsertDeadLetters(ctx context.Context, rows []owner.DeadLetter) error {
	messages := make([]source.Message, len(rows))
	for i := range rows {
		messages[i] = message(&rows[i])
	}
	if err := s.Topic.Produce(ctx, messages...); err != nil {
		return fmt.Errorf("write %d dead letters: %w", len(rows), err)
	}
	return s.Sink.InsertDeadLetters(ctx, rows)
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
