// Package bench owns the measurement of the pipeline: throughput and CPU per million ratings, as a whole and by its parts. It
// leaves the broker and the engine, which run as processes of their own, to its caller.
package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
)

// Options say what is measured against what.
type Options struct {
	Records    int            // ratings in all
	PerDay     int            // ratings a day of event time: the fewer, the more rows each rating costs
	Partitions int            // of the topic
	Seed       uint64         // of the ratings
	Brokers    []string       // of the broker
	Conn       driver.Conn    // an empty database with the schema and epoch 1 of Definition
	EngineCPU  func() float64 // CPU seconds that the engine has used; nil when it is not ours
	Definition *window.Definition
	Now        time.Time
	Log        zerolog.Logger
	Progress   io.Writer // a line for each part as it begins
}

// Part is one part of the way of a rating, measured alone. CPU is in seconds per million ratings, which are microseconds
// per rating.
type Part struct {
	Name string  `json:"name"`
	What string  `json:"what"`
	CPU  float64 `json:"cpu_seconds_per_million"`
}

// Report is what was measured.
type Report struct {
	Records       int     `json:"records"`
	Bytes         float64 `json:"bytes_per_record"`
	Seconds       float64 `json:"seconds"`
	PerSecond     float64 `json:"ratings_per_second"`
	CPU           float64 `json:"processor_cpu_seconds_per_million"`
	EngineCPU     float64 `json:"engine_cpu_seconds_per_million"` // merges included, until the parts are stable; 0 when not ours
	PeakMemory    int64   `json:"processor_peak_memory_bytes"`
	RowsPerRating float64 `json:"rows_per_rating"`
	Allocations   float64 `json:"allocations_per_rating"`
	Parts         []Part  `json:"parts"`
}

// input is the load, generated before anything is measured.
type input struct {
	messages []source.Message
	bytes    int
	events   event.Config
}

// Run measures the whole way first, from the broker into ClickHouse, and then each part alone.
func Run(ctx context.Context, o Options) (*Report, error) {
	in := generate(o)
	r := &Report{Records: o.Records, Bytes: float64(in.bytes) / float64(o.Records)}
	topic := fmt.Sprintf("bench-%d", o.Now.UnixNano())
	o.say("filling the topic with %d ratings of %.0f bytes", o.Records, r.Bytes)
	if err := fill(ctx, o, topic, in); err != nil {
		return nil, fmt.Errorf("fill the topic: %w", err)
	}
	for _, m := range []struct {
		what    string
		measure func(context.Context, Options, string, *input, *Report) error
	}{
		{"the whole way", whole}, {"fetch", fetch}, {"decode", decode}, {"fold", fold}, {"encode and insert", insert},
	} {
		o.say("measuring %s", m.what)
		if err := m.measure(ctx, o, topic, in, r); err != nil {
			return nil, fmt.Errorf("measure %s: %w", m.what, err)
		}
	}
	return r, nil
}

func (o *Options) say(format string, args ...any) {
	if o.Progress != nil {
		fmt.Fprintf(o.Progress, format+"\n", args...)
	}
}

func generate(o Options) *input {
	cfg := eventgen.DefaultConfig()
	cfg.Seed, cfg.Rate, cfg.Bad = o.Seed, float64(o.PerDay)/86_400, 0
	cfg.Start = o.Now.Add(-time.Duration(float64(o.Records) / cfg.Rate * float64(time.Second)))
	in := &input{events: cfg.Event}
	g := eventgen.New(cfg)
	for range o.Records {
		item := g.Next()
		in.messages = append(in.messages, source.Message{Key: item.Key, Value: item.JSON, Time: item.At})
		in.bytes += len(item.JSON)
	}
	return in
}

func fill(ctx context.Context, o Options, topic string, in *input) error {
	client, err := source.NewClient(cluster(o))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.EnsureTopics(ctx, source.TopicSpec{Name: topic, Partitions: o.Partitions, ReplicationFactor: 1}); err != nil {
		return err
	}
	cfg := source.DefaultProducerConfig()
	cfg.Topic, cfg.BatchRecords = topic, 2000
	p, err := source.NewProducer(cluster(o), cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	for from := 0; from < len(in.messages); from += 20_000 {
		if err := p.Produce(ctx, in.messages[from:min(from+20_000, len(in.messages))]...); err != nil {
			return err
		}
	}
	return nil
}

func cluster(o Options) source.Config {
	c := source.DefaultConfig()
	c.Brokers = o.Brokers
	return c
}

// records are the load as a reader would give it, of one partition after the other.
func (in *input) records(partitions int) [][]source.Record {
	out := make([][]source.Record, partitions)
	for _, m := range in.messages {
		p := source.PartitionOf(m.Key, partitions)
		out[p] = append(out[p], source.Record{Partition: p, Offset: int64(len(out[p])), Timestamp: m.Time, Key: m.Key, Value: m.Value})
	}
	return out
}

func admitter(in *input) (*admit.Admitter, error) {
	return admit.NewAdmitter(in.events, admit.DefaultConfig())
}
