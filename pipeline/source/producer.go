package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// Message is what Producer writes. Key must not be empty; Time zero means now. None of
// its bytes may change before Produce has returned nil.
type Message struct {
	Key, Value []byte
	Headers    []Header
	Time       time.Time
}

// Producer writes messages to one topic, by murmur2 of their key, acknowledged by all
// in-sync replicas. It may be used from many goroutines, which then share batches.
type Producer struct {
	writer    *kafka.Writer
	transport *kafka.Transport
	limit     int
}

// NewProducer makes a producer without connecting; the configurations must be valid. It
// fails when a file that they name cannot be read.
func NewProducer(cluster Config, config ProducerConfig) (*Producer, error) {
	transport, err := cluster.transport(config.Topic)
	if err != nil {
		return nil, err
	}
	return &Producer{
		transport: transport,
		limit:     config.MaxMessageBytes,
		writer: &kafka.Writer{
			Addr:         kafka.TCP(cluster.Brokers...),
			Topic:        config.Topic,
			Balancer:     kafka.Murmur2Balancer{},
			RequiredAcks: kafka.RequireAll,
			MaxAttempts:  config.Attempts,
			BatchSize:    config.BatchRecords,
			BatchBytes:   int64(config.MaxMessageBytes),
			BatchTimeout: config.BatchTimeout,
			ReadTimeout:  cluster.RequestTimeout,
			WriteTimeout: config.WriteTimeout,
			Compression:  codecs[config.Compression],
			Transport:    transport,
		},
	}, nil
}

// Produce writes the messages and returns nil when Kafka has acknowledged all of them.
// Otherwise it returns ProduceErrors with an error for each message that failed; the
// others are in the log.
func (p *Producer) Produce(ctx context.Context, messages ...Message) error {
	errs := make(ProduceErrors, len(messages))
	sent := make([]kafka.Message, 0, len(messages))
	index := make([]int, 0, len(messages))
	for i := range messages {
		if errs[i] = p.refuse(&messages[i]); errs[i] == nil {
			sent = append(sent, messages[i].kafka())
			index = append(index, i)
		}
	}
	err := p.writer.WriteMessages(ctx, sent...)
	var each kafka.WriteErrors
	if !errors.As(err, &each) {
		each = make(kafka.WriteErrors, len(sent))
		for i := range each {
			each[i] = err
		}
	}
	for i, err := range each {
		errs[index[i]] = p.classify(err)
	}
	if errors.Join(errs...) == nil {
		return nil
	}
	return errs
}

// Close sends what is waiting and ends the connections. While Kafka is away that takes up
// to Attempts times WriteTimeout.
func (p *Producer) Close() error {
	err := p.writer.Close()
	p.transport.CloseIdleConnections()
	return err
}

func (p *Producer) refuse(m *Message) error {
	if len(m.Key) == 0 {
		return ErrNoKey
	}
	size := len(m.Key) + len(m.Value) + recordOverhead
	for _, h := range m.Headers {
		size += len(h.Key) + len(h.Value) + headerOverhead
	}
	if size > p.limit {
		return fmt.Errorf("%w: it has %d bytes, the limit is %d", ErrTooLarge, size, p.limit)
	}
	return nil
}

// What kafka-go adds to a message and to a header when it compares them with its limit;
// it refuses a whole call for one message, so ours must not be less.
const (
	recordOverhead = 64
	headerOverhead = 16
)

func (m *Message) kafka() kafka.Message {
	out := kafka.Message{Key: m.Key, Value: m.Value, Time: m.Time}
	for _, h := range m.Headers {
		out.Headers = append(out.Headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	return out
}
