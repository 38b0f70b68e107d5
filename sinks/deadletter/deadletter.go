// Package deadletter owns the dead-letter topic: every rejected record goes there whole, with its reason and the place it
// came from in headers. The table of dead letters is package clickhouse's; what is rejected is decided by package admit.
package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
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
	HeaderKeyBytes  = "satisflow-key-bytes" // size of the record's key, likewise
)

const ownHeaders = 5 // that message adds

// shorter are the sizes, each of key and value, to which a record is cut that is too large for the topic, one after the other.
var shorter = []int{256 << 10, 32 << 10, 2 << 10, 64}

// Producer writes messages; source.Producer does.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// Sink is an owner.Sink that writes dead letters to the topic too, after it has passed them on; all else it only passes on.
// The table comes first: its rows replace each other, while a message that is written again is there twice. So an insert
// that is repeated, after an outage of Kafka, sends only what was not acknowledged. After a crash, or where Kafka took a
// message and could not say so, one may be twice there all the same: readers of the topic tell by partition and offset.
type Sink struct {
	owner.Sink
	topic   Producer
	refused func()

	mu   sync.Mutex
	sent map[place]bool // of the insert that is being repeated
}

// place is where a rejected record came from.
type place struct {
	partition int32
	offset    int64
}

// New returns a sink that passes rows on to the table and writes dead letters to the topic. It calls refused for each that the
// topic does not take, however short: the table alone has it.
func New(table owner.Sink, topic Producer, refused func()) *Sink {
	return &Sink{Sink: table, topic: topic, refused: refused, sent: map[place]bool{}}
}

// produceAtOnce bounds the messages whose fate stays unknown when the time of an insert is over.
const produceAtOnce = 1000

// InsertDeadLetters passes the rows on and writes them to the topic. A record that is too large for the topic goes there
// shortened, and not at all where that does not take a few bytes of it; the table has it whole.
func (s *Sink) InsertDeadLetters(ctx context.Context, rows []owner.DeadLetter) error {
	if err := s.Sink.InsertDeadLetters(ctx, rows); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for part := range slices.Chunk(s.unsent(rows), produceAtOnce) {
		if err := s.write(ctx, part); err != nil {
			return fmt.Errorf("write %d dead letters to their topic: %w", len(rows), err)
		}
	}
	clear(s.sent)
	return nil
}

func (s *Sink) unsent(rows []owner.DeadLetter) (out []*owner.DeadLetter) {
	for i := range rows {
		if !s.sent[placeOf(&rows[i])] {
			out = append(out, &rows[i])
		}
	}
	return out
}

func placeOf(d *owner.DeadLetter) place { return place{d.Partition, d.Offset} }

// write writes the rows, then those again that were too large, ever shorter, and returns what is left to fail.
func (s *Sink) write(ctx context.Context, rows []*owner.DeadLetter) error {
	messages := make([]source.Message, len(rows))
	for i, d := range rows {
		messages[i] = message(d)
	}
	large, failed := s.produce(ctx, rows, messages)
	for _, size := range shorter {
		if len(large) == 0 {
			break
		}
		short := make([]source.Message, len(large))
		for i, d := range large {
			short[i] = shortened(message(d), size)
		}
		var more source.ProduceErrors
		large, more = s.produce(ctx, large, short)
		failed = append(failed, more...)
	}
	for _, d := range large {
		s.sent[placeOf(d)] = true
		s.refused()
	}
	if errors.Join(failed...) == nil {
		return nil
	}
	return failed
}

// produce notes which of the rows the topic has, and returns those that were too large and an error for each other one.
func (s *Sink) produce(ctx context.Context, rows []*owner.DeadLetter, messages []source.Message) (large []*owner.DeadLetter, failed source.ProduceErrors) {
	err := s.topic.Produce(ctx, messages...)
	var each source.ProduceErrors
	known := errors.As(err, &each) && len(each) == len(rows)
	for i, d := range rows {
		one := err
		if known {
			one = each[i]
		}
		switch {
		case one == nil:
			s.sent[placeOf(d)] = true
		case errors.Is(one, source.ErrTooLarge):
			large = append(large, d)
		default:
			failed = append(failed, one)
		}
	}
	return large, failed
}

// shortened keeps the beginning of key and value and says how long they were. Headers of the record may be large too: only
// ours stay, of which the reason has no more than a sentence.
func shortened(m source.Message, size int) source.Message {
	m.Headers = slices.Clone(m.Headers[len(m.Headers)-ownHeaders:])
	cut := func(text []byte, header string) []byte {
		if len(text) > size || header == HeaderBytes {
			m.Headers = append(m.Headers, source.Header{Key: header, Value: []byte(strconv.Itoa(len(text)))})
		}
		return text[:min(len(text), size)]
	}
	m.Value, m.Key = cut(m.Value, HeaderBytes), cut(m.Key, HeaderKeyBytes)
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
