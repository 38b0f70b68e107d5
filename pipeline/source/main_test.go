package source

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(memberEnv) != "" {
		beMember()
		return
	}
	// the test kit waits for the supervisor that it leaves behind
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("satisflow/deploy/testkit.spawnSupervisor.func1"))
}

const topic = "ratings"

// fake starts a Kafka of franz-go in this process, with the topic.
func fake(t *testing.T, partitions int32, opts ...kfake.Opt) (*kfake.Cluster, Config) {
	t.Helper()
	opts = append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic)}, opts...)
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatalf("start kfake: %v", err)
	}
	t.Cleanup(c.Close)
	return c, clusterAt(c.ListenAddrs()...)
}

func clusterAt(brokers ...string) Config {
	c := DefaultConfig()
	c.Brokers = brokers
	c.RequestTimeout = 3 * time.Second
	return c
}

func quick() ReaderConfig {
	c := DefaultReaderConfig()
	c.MaxWait = 50 * time.Millisecond
	c.RetryMax = 200 * time.Millisecond
	c.TruncatedAfter = 500 * time.Millisecond
	return c
}

func producer(t *testing.T, cluster Config, change ...func(*ProducerConfig)) *Producer {
	t.Helper()
	config := DefaultProducerConfig()
	for _, f := range change {
		f(&config)
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	p, err := NewProducer(cluster, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close the producer: %v", err)
		}
	})
	return p
}

// produce writes n messages whose values are <name>-<i> and whose keys spread them.
func produce(t *testing.T, p *Producer, name string, n int) {
	t.Helper()
	messages := make([]Message, n)
	for i := range messages {
		messages[i] = Message{Key: fmt.Appendf(nil, "customer-%d", i), Value: fmt.Appendf(nil, "%s-%d", name, i)}
	}
	if err := p.Produce(t.Context(), messages...); err != nil {
		t.Fatalf("produce: %v", err)
	}
}

// watched is a Reader at work on partition 0, and what it has seen.
type watched struct {
	t      *testing.T
	mu     sync.Mutex
	got    []Record
	ends   int
	last   Batch
	lost   [][2]int64
	errs   int
	ended  chan struct{}
	err    error
	cancel context.CancelFunc
}

func watch(t *testing.T, cluster Config, config ReaderConfig, from int64) *watched {
	t.Helper()
	return watchTopic(t, cluster, topic, config, from)
}

func watchTopic(t *testing.T, cluster Config, topic string, config ReaderConfig, from int64) *watched {
	t.Helper()
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t, ended: make(chan struct{})}
	hooks := Hooks{
		Lost:       func(_ int32, from, to int64) { w.do(func() { w.lost = append(w.lost, [2]int64{from, to}) }) },
		FetchError: func(int32, error) { w.do(func() { w.errs++ }) },
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	r := NewReader(cluster, config, topic, 0, hooks, zerolog.New(zerolog.NewTestWriter(t)))
	go func() {
		defer close(w.ended)
		w.err = r.Run(ctx, from, w.take)
	}()
	t.Cleanup(w.stop)
	return w
}

func (w *watched) do(f func()) { w.mu.Lock(); defer w.mu.Unlock(); f() }

func (w *watched) take(_ context.Context, b Batch) error {
	w.do(func() {
		w.got = append(w.got, b.Records...)
		w.last = b
		if b.AtEnd {
			w.ends++
		}
	})
	return nil
}

func (w *watched) stop() { w.cancel(); <-w.ended }

// until waits for a condition on what was seen.
func (w *watched) until(what string, cond func() bool) {
	w.t.Helper()
	eventually(w.t, what, 20*time.Second, func() bool {
		var ok bool
		w.do(func() { ok = cond() })
		return ok
	})
}

func eventually(t *testing.T, what string, limit time.Duration, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("not within %s: %s", limit, what)
}

// contiguous fails unless the records are exactly those of the offsets [from, to).
func (w *watched) contiguous(from, to int64) {
	w.t.Helper()
	w.do(func() {
		if int64(len(w.got)) != to-from {
			w.t.Errorf("%d records, want the %d from %d to %d", len(w.got), to-from, from, to)
		}
		for i, r := range w.got {
			if r.Offset != from+int64(i) {
				w.t.Fatalf("record %d has offset %d, want %d", i, r.Offset, from+int64(i))
			}
		}
	})
}
