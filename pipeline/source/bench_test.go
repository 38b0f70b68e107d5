package source

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"satisflow/deploy/testkit"
)

// BenchmarkReader reads a million records of 270 bytes from Apache Kafka, which is another
// process, and reports this one's CPU time.
func BenchmarkReader(b *testing.B) {
	const records, batch = 1_000_000, 10_000
	k := testkit.Kafka(b)
	cluster := clusterAt(k.Brokers...)
	name := k.Topic(b, 1)
	config := DefaultProducerConfig()
	config.Topic, config.BatchRecords = name, 2000
	p, err := NewProducer(cluster, config)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	value := []byte(strings.Repeat("r", 270))
	messages := make([]Message, batch)
	for i := range messages {
		messages[i] = Message{Key: fmt.Appendf(nil, "customer-%d", i), Value: value}
	}
	for range records / batch {
		if err := p.Produce(b.Context(), messages...); err != nil {
			b.Fatal(err)
		}
	}

	r := NewReader(cluster, DefaultReaderConfig(), name, 0, Hooks{}, quiet)
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		read := 0
		ctx, cancel := context.WithCancel(b.Context())
		err := r.Run(ctx, 0, func(_ context.Context, batch Batch) error {
			if read += len(batch.Records); read == records {
				cancel()
			}
			return nil
		})
		if err != nil || read != records {
			b.Fatal(read, err)
		}
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()/float64(b.N), "cpu-s/million")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
