package source

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/logid"
)

func TestAnotherLogIsKnownAsSuch(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	knowAnotherLog(t, clusterAt(c.ListenAddrs()...), "ratings")
}

func TestApache_another_log_is_known_as_such(t *testing.T) {
	k := testkit.Kafka(t)
	knowAnotherLog(t, clusterAt(k.Brokers...), k.Topic(t, 1))
}

// continued reads one batch from the position and returns what the reader ended with; nil when it came to a batch.
func continued(t *testing.T, cluster Config, topic string, at logid.Position) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	came := false
	r := NewReader(cluster, quick(), topic, 0, Hooks{}, zerolog.Nop())
	err := r.Continue(ctx, at, func(ctx context.Context, b Batch) error {
		came = true
		cancel()
		return ctx.Err()
	})
	if err == nil && !came {
		t.Error("no batch came within 20 s")
	}
	return err
}

func knowAnotherLog(t *testing.T, cluster Config, name string) {
	client := newClient(t, cluster)
	make := func(name string) logid.ID {
		t.Helper()
		var id logid.ID
		eventually(t, "the topic", 20*time.Second, func() bool {
			if _, err := client.EnsureTopics(t.Context(), TopicSpec{Name: name, Partitions: 1, ReplicationFactor: -1}); err != nil {
				return false
			}
			var err error
			id, err = client.Identify(t.Context(), name)
			return err == nil
		})
		return id
	}
	first := make(name)
	if first.Cluster == "" || first.Topic != name || len(first.TopicID) != 32 {
		t.Fatalf("%+v: want the ids of cluster and topic", first)
	}
	p := producer(t, cluster, onTopic(name))
	produce(t, p, "v", 100)
	w := watchTopic(t, cluster, name, quick(), 0)
	w.until("100 records", func() bool { return len(w.got) == 100 })
	w.stop()
	at := logid.Position{Log: first, Next: 60, Last: w.got[59].Mark()}
	if err := continued(t, cluster, name, at); err != nil {
		t.Errorf("the log itself: %v", err)
	}
	otherMark := at
	otherMark.Last.Sum++
	const way = "satisflow rebuild --epoch N --from topic"
	if err := continued(t, cluster, name, otherMark); !errors.Is(err, logid.ErrAnother) || !IsPermanent(err) || !strings.Contains(err.Error(), "another record at offset 59") || !strings.Contains(err.Error(), way) {
		t.Errorf("another record at the offset before: %v", err)
	}

	other := make(name + ".other")
	produce(t, producer(t, cluster, onTopic(name+".other")), "w", 150)
	if err := continued(t, cluster, name+".other", at); !errors.Is(err, logid.ErrAnother) || !strings.Contains(err.Error(), first.String()) || !strings.Contains(err.Error(), other.String()) {
		t.Errorf("another topic: %v", err)
	}
	swapped := at
	swapped.Log = logid.ID{} // of brokers that tell no ids
	if err := continued(t, cluster, name+".other", swapped); !errors.Is(err, logid.ErrAnother) {
		t.Errorf("another topic of unknown identity: %v", err)
	}

	r, err := client.client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{name}})
	if err != nil || r.Errors[name] != nil {
		t.Fatal(err, r.Errors)
	}
	var again logid.ID
	eventually(t, "the topic again", 20*time.Second, func() bool {
		states, err := client.EnsureTopics(t.Context(), TopicSpec{Name: name, Partitions: 1, ReplicationFactor: -1})
		if err != nil || !states[0].Created {
			return false
		}
		again = make(name)
		return again != first
	})
	produce(t, p, "x", 150)
	if err := continued(t, cluster, name, at); !errors.Is(err, logid.ErrAnother) || !IsPermanent(err) || !strings.Contains(err.Error(), way) {
		t.Errorf("the topic made again, longer than what was read: %v", err)
	}
	if _, err := client.Identify(t.Context(), name+".none"); err == nil {
		t.Error("a topic that does not exist has an identity")
	}
}

func TestAReaderFindsATopicThatIsMadeAgainWhileItReads(t *testing.T) {
	c, cluster := fake(t, 1)
	client := newClient(t, cluster)
	id, err := client.Identify(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	p := producer(t, cluster)
	produce(t, p, "v", 50)
	read, ended := make(chan struct{}, 1000), make(chan error, 1)
	r := NewReader(cluster, quick(), topic, 0, Hooks{}, zerolog.Nop())
	go func() {
		ended <- r.Continue(t.Context(), logid.Position{Log: id, Next: -1}, func(context.Context, Batch) error { read <- struct{}{}; return nil })
	}()
	<-read
	_ = c
	if _, err := client.client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{topic}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.EnsureTopics(t.Context(), TopicSpec{Name: topic, Partitions: 1, ReplicationFactor: -1}); err != nil {
		t.Fatal(err)
	}
	produce(t, p, "w", 80)
	select {
	case err := <-ended:
		if !errors.Is(err, logid.ErrAnother) {
			t.Errorf("%v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the reader reads on in another log")
	}
}

func TestApache_the_append_time_is_the_timestamp_where_the_topic_says_so(t *testing.T) {
	k := testkit.Kafka(t)
	cluster := clusterAt(k.Brokers...)
	for _, compression := range []string{"none", "lz4"} {
		name := k.Topic(t, 1, "message.timestamp.type=LogAppendTime")
		p := producer(t, cluster, onTopic(name), func(c *ProducerConfig) { c.Compression = compression })
		begin := time.Now().Add(-time.Minute)
		old := time.Date(2021, 11, 17, 9, 30, 0, 0, time.UTC)
		for _, value := range []string{"a", "b"} {
			if err := p.Produce(t.Context(), Message{Key: []byte("k"), Value: []byte(value), Time: old}); err != nil {
				t.Fatal(err)
			}
		}
		w := watchTopic(t, cluster, name, quick(), 0)
		w.until("both records", func() bool { return len(w.got) == 2 })
		for _, r := range w.got {
			if !r.Appended || r.Timestamp.Before(begin) {
				t.Errorf("%s: appended %v at %s, want the broker's time", compression, r.Appended, r.Timestamp)
			}
		}
		w.stop()
	}
	name := k.Topic(t, 1)
	produce(t, producer(t, cluster, onTopic(name)), "v", 1)
	w := watchTopic(t, cluster, name, quick(), 0)
	w.until("the record", func() bool { return len(w.got) == 1 })
	if w.got[0].Appended {
		t.Error("a producer's timestamp is taken for the broker's")
	}
}
