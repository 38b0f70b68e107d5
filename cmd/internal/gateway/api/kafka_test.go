package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"satisflow/pipeline/source"
)

// withKafka returns an API that produces to the broker.
func withKafka(t *testing.T, broker string) *world {
	t.Helper()
	cluster, producing := source.DefaultConfig(), source.DefaultProducerConfig()
	cluster.Brokers, producing.Attempts = []string{broker}, 2
	p, err := source.NewProducer(cluster, producing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() }) // what waits for a broker that is gone is lost
	return newWorld(t, func(o *Options) { o.Producer, o.Config.ProduceTimeout = p, time.Second })
}

func TestWhatIsAnsweredIsInKafka(t *testing.T) {
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(8, "ratings"))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	w := withKafka(t, kafka.ListenAddrs()[0])
	if a := w.post("application/json", rating); a.status != http.StatusOK {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	if a := w.post(ndjson, strings.Repeat(line(1)+"\n", 1500)); a.status != http.StatusOK {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(kafka.ListenAddrs()...), kgo.ConsumeTopics("ratings"))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	partition := kgo.StickyKeyPartitioner(nil).ForTopic("ratings") // murmur2, as Java has it
	records := 0
	for records < 1501 && ctx.Err() == nil {
		for r := range reader.PollFetches(ctx).RecordsAll() {
			records++
			if want := partition.Partition(r, 8); int(r.Partition) != want || string(r.Key) != "c-1" || !r.Timestamp.Equal(now) {
				t.Fatalf("record of %s in partition %d at %v: want partition %d", r.Key, r.Partition, r.Timestamp, want)
			}
		}
	}
	if records != 1501 {
		t.Errorf("%d records", records)
	}
}

func TestWithoutKafkaTheAnswerComesAllTheSame(t *testing.T) {
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "ratings"))
	if err != nil {
		t.Fatal(err)
	}
	w := withKafka(t, kafka.ListenAddrs()[0])
	kafka.Close()
	for contentType, body := range map[string]string{"application/json": rating, ndjson: line(1)} {
		begin := time.Now()
		a := w.post(contentType, body)
		if took := time.Since(begin); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || took > 5*time.Second {
			t.Errorf("%s: %d after %v: %s", contentType, a.status, took, a.body)
		}
	}
}
