package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/operate/deliver"
	"satisflow/deploy/testkit"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
)

// contents reads a topic to its end: how often each content came, by rating_id.
func contents(t *testing.T, cluster source.Config, topic string, partitions int32) map[string]map[string]int {
	t.Helper()
	out := map[string]map[string]int{}
	for p := range partitions {
		ctx, cancel := context.WithCancel(t.Context())
		r := source.NewReader(cluster, source.DefaultReaderConfig(), topic, p, source.Hooks{}, zerolog.Nop())
		_ = r.Run(ctx, 0, func(_ context.Context, b source.Batch) error {
			for _, rec := range b.Records {
				var e struct {
					RatingID   string `json:"rating_id"`
					CustomerID string `json:"customer_id"`
				}
				if err := json.Unmarshal(rec.Value, &e); err != nil || e.CustomerID != string(rec.Key) || source.PartitionOf(rec.Key, int(partitions)) != p {
					t.Errorf("record %s of key %s on partition %d: %v", rec.Value, rec.Key, p, err)
				}
				if out[e.RatingID] == nil {
					out[e.RatingID] = map[string]int{}
				}
				out[e.RatingID][string(rec.Value)]++
			}
			if b.AtEnd {
				cancel()
			}
			return nil
		})
	}
	return out
}

func TestImportingAgainAndReversedChangesNothingInKafka(t *testing.T) {
	const partitions, ratings = 4, 3000
	kafka := testkit.Kafka(t)
	topic := kafka.Topic(t, partitions)
	cluster := source.DefaultConfig()
	cluster.Brokers = kafka.Brokers
	pc := source.DefaultProducerConfig()
	pc.Topic = topic
	producer, err := source.NewProducer(cluster, pc)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = producer.Close() }()
	rows := []string{"student,lecturer,score"}
	for i := range ratings {
		rows = append(rows, fmt.Sprintf("%d,%d,%d", i%97, i%31, i%6)) // 0 is no rating; many rows are equal
	}
	load := func() Summary {
		im := &Importer{
			Config:    Config{Map: []string{"customer_id=student-{student}", "product_id=lecturer", "rating=score", "service==teaching"}, Spread: "-27d..0d"},
			Event:     anyService(),
			Admission: admit.DefaultConfig(),
			Sender:    deliver.New(producer, deliver.DefaultConfig(), deliver.Hooks{}),
			Clock:     time.Now,
		}
		in, err := Open("-", bytes.NewReader([]byte(strings.Join(rows, "\n"))))
		if err != nil {
			t.Fatal(err)
		}
		s, err := im.Run(t.Context(), in)
		if err != nil || s.Read != ratings || s.Rejected != ratings/6 || s.Sent != ratings-ratings/6 {
			t.Fatalf("%v %+v", err, s)
		}
		return s
	}
	first := load()
	once := contents(t, cluster, topic, partitions)
	load()
	slices.Reverse(rows[1:])
	load()
	thrice := contents(t, cluster, topic, partitions)
	if int64(len(once)) != first.Sent || len(thrice) != len(once) {
		t.Fatalf("%d ratings after the first import of %d, %d in the end", len(once), first.Sent, len(thrice))
	}
	for id, values := range thrice {
		if len(values) != 1 || !maps.Equal(values, map[string]int{slices.Collect(maps.Keys(once[id]))[0]: 3}) {
			t.Fatalf("%s: %v, at first %v", id, values, once[id])
		}
	}
}
