package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"satisflow/cmd/internal/operate/deliver"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
)

// position keeps how far an import is.
type position struct{ rows atomic.Int64 }

func (p *position) At(_, rows int64) { p.rows.Store(rows) }

func TestAnImportWaitsOutTheDeathOfKafka(t *testing.T) {
	const partitions, half = 2, 2 * batchRows
	broker := testkit.StartKafka(t, testkit.BrokerOptions{})
	cluster, pc := source.DefaultConfig(), source.DefaultProducerConfig()
	cluster.Brokers, pc.Topic, pc.Attempts, pc.WriteTimeout = broker.Brokers, broker.Topic(partitions), 2, time.Second
	producer, err := source.NewProducer(cluster, pc)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = producer.Close() }()
	away, back := make(chan struct{}, 1000), 0
	hooks := deliver.Hooks{Away: func(error, time.Duration) { away <- struct{}{} }, Back: func(time.Duration) { back++ }}
	at := &position{}
	im := &Importer{Event: anyService(), Admission: admit.DefaultConfig(), Clock: time.Now, Progress: at,
		Sender: deliver.New(producer, deliver.Config{First: 100 * time.Millisecond, Most: time.Second, GiveUp: time.Minute}, hooks)}
	file, feed := io.Pipe()
	go func() {
		write := func(from, to int) {
			for i := from; i < to; i++ {
				fmt.Fprintf(feed, "c%d,s,%s,4\n", i, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
			}
		}
		fmt.Fprintln(feed, "customer_id,service,occurred_at,rating")
		write(0, half+sampleRows) // the input reads ahead
		for at.rows.Load() < half && t.Context().Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		broker.Kill()
		go func() {
			write(half+sampleRows, 2*half)
			_ = feed.Close()
		}()
		<-away
		broker.Start()
	}()
	in, err := Open("-", file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := im.Run(ctx, in)
	if err != nil || s.Sent != 2*half || back == 0 {
		t.Fatalf("%v %+v, back %d times", err, s, back)
	}
	if got := contents(t, cluster, pc.Topic, partitions); len(got) != 2*half {
		t.Errorf("%d ratings are in Kafka, want %d", len(got), 2*half)
	}
}

func TestAnImportThatGivesUpSaysHowFarItGot(t *testing.T) {
	cluster, pc := source.DefaultConfig(), source.DefaultProducerConfig()
	cluster.Brokers, pc.Attempts = []string{"127.0.0.1:1"}, 1
	producer, err := source.NewProducer(cluster, pc)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = producer.Close() }()
	got := run(t, Config{}, "a.csv", []byte(csvFile), func(im *Importer) {
		im.Sender = deliver.New(producer, deliver.Config{First: 10 * time.Millisecond, Most: 10 * time.Millisecond, GiveUp: 50 * time.Millisecond}, deliver.Hooks{})
	})
	if !errors.Is(got.err, deliver.ErrGaveUp) || got.Complete || got.Sent != 0 || got.LastLine != 0 {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
}
