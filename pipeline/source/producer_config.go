package source

import (
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
)

// ProducerConfig says where messages go and how they are batched.
type ProducerConfig struct {
	// Topic is set by the caller: one key names it for all parts.
	Topic string `yaml:"-"`
	// BatchTimeout is how long a message waits for others to travel with.
	BatchTimeout time.Duration `yaml:"batch_timeout" help:"how long a message waits for others to travel with"`
	// BatchRecords sends a partition's batch at once when it has as many.
	BatchRecords int `yaml:"batch_records" help:"messages at which a partition's batch is sent at once, 1 to 100,000"`
	// MaxMessageBytes bounds a message and a batch before compression; the topic's
	// max.message.bytes must be more.
	MaxMessageBytes int `yaml:"max_message_bytes" help:"greatest message before compression, in bytes; the topic's max.message.bytes must be more"`
	// Attempts is how often a batch is tried; WriteTimeout bounds each.
	Attempts     int           `yaml:"attempts" help:"how often a batch is tried, 1 or more"`
	WriteTimeout time.Duration `yaml:"write_timeout" help:"longest time for one attempt"`
	// Compression is none, gzip, snappy, lz4 or zstd.
	Compression string `yaml:"compression" help:"none, gzip, snappy, lz4 or zstd"`
}

// DefaultProducerConfig gives an answer within about 5 ms of Kafka's own time, and gives
// up on brokers that refuse connections after about 2.5 s.
func DefaultProducerConfig() ProducerConfig {
	return ProducerConfig{
		Topic:           "ratings",
		BatchTimeout:    5 * time.Millisecond,
		BatchRecords:    500,
		MaxMessageBytes: 1_000_000,
		Attempts:        5,
		WriteTimeout:    5 * time.Second,
		Compression:     "none",
	}
}

var codecs = map[string]kafka.Compression{
	"none": compress.None, "gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
}

// Validate reports every wrong field, its value and what would be right.
func (c ProducerConfig) Validate() error {
	var errs []error
	if c.BatchRecords < 1 || c.BatchRecords > 100_000 {
		errs = append(errs, fmt.Errorf("batch_records is %d: it must be 1 to 100,000", c.BatchRecords))
	}
	if c.MaxMessageBytes < 1<<10 || c.MaxMessageBytes > 100<<20 {
		errs = append(errs, fmt.Errorf("max_message_bytes is %d: it must be 1,024 to 104,857,600", c.MaxMessageBytes))
	}
	if c.Attempts < 1 {
		errs = append(errs, fmt.Errorf("attempts is %d: it must be 1 or more", c.Attempts))
	}
	if _, ok := codecs[c.Compression]; !ok {
		errs = append(errs, fmt.Errorf("compression is %q: want none, gzip, snappy, lz4 or zstd", c.Compression))
	}
	errs = append(errs,
		named("topic", c.Topic),
		positive("batch_timeout", c.BatchTimeout),
		positive("write_timeout", c.WriteTimeout))
	return errors.Join(errs...)
}
