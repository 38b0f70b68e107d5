package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestPartitionOf_is_murmur2_as_Java_has_it(t *testing.T) {
	// org.apache.kafka.common.utils.UtilsTest, testMurmur2
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string":                       -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
	for length := range 300 {
		key := bytes.Repeat([]byte{byte(length * 37), 0xff, 0x80}, length)[:length]
		for _, n := range []int{1, 4, 7, 12} {
			all := make([]int, n)
			for i := range all {
				all[i] = i
			}
			want := kafka.Murmur2Balancer{Consistent: true}.Balance(kafka.Message{Key: key}, all...)
			if got := PartitionOf(key, n); int(got) != want {
				t.Fatalf("PartitionOf(%x, %d) = %d, want %d", key, n, got, want)
			}
		}
	}
}

func TestProducer_puts_each_key_on_its_murmur2_partition_in_order(t *testing.T) {
	_, cluster := fake(t, 4)
	p := producer(t, cluster)
	for round := range 3 {
		produce(t, p, fmt.Sprint(round), 100)
	}
	rounds := map[string]byte{}
	for partition := range int32(4) {
		ctx, cancel := context.WithCancel(t.Context())
		r := NewReader(cluster, quick(), topic, partition, Hooks{}, quiet)
		_ = r.Run(ctx, 0, func(_ context.Context, b Batch) error {
			for _, r := range b.Records {
				if want := PartitionOf(r.Key, 4); r.Partition != want {
					t.Errorf("key %s is on partition %d, want %d", r.Key, r.Partition, want)
				}
				if r.Value[0] < rounds[string(r.Key)] {
					t.Errorf("key %s has %s after round %c", r.Key, r.Value, rounds[string(r.Key)])
				}
				rounds[string(r.Key)] = r.Value[0]
			}
			if b.AtEnd {
				cancel()
			}
			return nil
		})
	}
	if len(rounds) != 100 {
		t.Errorf("%d keys, want 100", len(rounds))
	}
}

func TestProducer_says_what_became_of_each_message(t *testing.T) {
	c, cluster := fake(t, 1)
	p := producer(t, cluster, func(c *ProducerConfig) { c.MaxMessageBytes = 2000 })
	err := p.Produce(t.Context(),
		Message{Key: []byte("a"), Value: []byte("fine")},
		Message{Value: []byte("no key")},
		Message{Key: []byte{}, Value: []byte("empty key")},
		Message{Key: []byte("b"), Value: make([]byte, 2000)},
		Message{Key: []byte("b"), Value: []byte("fine too")},
	)
	var each ProduceErrors
	if !errors.As(err, &each) || len(each) != 5 {
		t.Fatalf("Produce returned %v", err)
	}
	for i, want := range []error{nil, ErrNoKey, ErrNoKey, ErrTooLarge, nil} {
		if !errors.Is(each[i], want) {
			t.Errorf("message %d: %v, want %v", i, each[i], want)
		}
	}
	if n := c.PartitionInfo(topic, 0).HighWatermark; n != 2 {
		t.Errorf("%d records are in the log, want the two good ones", n)
	}
	if err := p.Produce(t.Context()); err != nil {
		t.Errorf("producing nothing: %v", err)
	}
}

func TestProducer_never_refuses_a_call_for_one_message_at_the_limit(t *testing.T) {
	_, cluster := fake(t, 1)
	p := producer(t, cluster, func(c *ProducerConfig) { c.MaxMessageBytes = 2000 })
	for size := 1800; size < 2050; size++ {
		large := Message{Key: []byte("k"), Value: make([]byte, size), Headers: []Header{{"h", make([]byte, 20)}}}
		if p.refuse(&large) != nil {
			continue
		}
		if err := p.Produce(t.Context(), large); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
}

func TestProducer_tells_unavailable_from_refused(t *testing.T) {
	for name, test := range map[string]struct {
		code *kerr.Error
		want error
	}{
		"too few replicas":      {kerr.NotEnoughReplicas, ErrUnavailable},
		"a leader that moved":   {kerr.NotLeaderForPartition, ErrUnavailable},
		"too large for a topic": {kerr.MessageTooLarge, ErrTooLarge},
		"not allowed":           {kerr.TopicAuthorizationFailed, kafka.TopicAuthorizationFailed},
	} {
		t.Run(name, func(t *testing.T) {
			c, cluster := fake(t, 1)
			p := producer(t, cluster, func(c *ProducerConfig) { c.Attempts = 2 })
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: test.code, Count: -1})
			err := p.Produce(t.Context(), Message{Key: []byte("k"), Value: []byte("v")})
			for _, kind := range []error{ErrUnavailable, ErrTooLarge, kafka.TopicAuthorizationFailed} {
				if errors.Is(err, kind) != (kind == test.want) {
					t.Errorf("Produce returned %v, want %v", err, test.want)
				}
			}
		})
	}
}

func TestProducer_retries_a_short_outage_by_itself(t *testing.T) {
	c, cluster := fake(t, 1)
	p := producer(t, cluster)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 2})
	if err := p.Produce(t.Context(), Message{Key: []byte("k"), Value: []byte("v")}); err != nil {
		t.Error(err)
	}
}

func TestProducer_gives_up_when_its_context_does(t *testing.T) {
	cluster := clusterAt("127.0.0.1:1")
	p := producer(t, cluster, func(c *ProducerConfig) { c.Attempts = 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := p.Produce(ctx, Message{Key: []byte("k"), Value: []byte("v")})
	if !errors.Is(err, ErrUnavailable) || time.Since(started) > 2*time.Second {
		t.Errorf("Produce returned %v after %s", err, time.Since(started))
	}
}
