package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestReader_reads_each_record_once_from_the_offset_asked_for(t *testing.T) {
	for _, compression := range []string{"none", "zstd"} {
		for _, from := range []int64{-1, 0, 1, 137, 299, 300} {
			t.Run(fmt.Sprintf("%s from %d", compression, from), func(t *testing.T) {
				_, cluster := fake(t, 1)
				p := producer(t, cluster, func(c *ProducerConfig) { c.Compression = compression; c.BatchRecords = 100 })
				produce(t, p, "v", 300)
				w := watch(t, cluster, quick(), from)
				w.until("the end of the partition", func() bool { return w.ends > 0 })
				w.contiguous(max(from, 0), 300)
				if w.last.Next != 300 || w.last.HighWatermark != 300 || w.last.Lag() != 0 {
					t.Errorf("last batch is %+v", w.last)
				}
			})
		}
	}
}

func TestReader_gives_empty_batches_at_the_end_so_that_time_can_go_on(t *testing.T) {
	_, cluster := fake(t, 1)
	w := watch(t, cluster, quick(), -1)
	started := time.Now()
	w.until("five empty batches", func() bool { return w.ends >= 5 })
	if spent := time.Since(started); spent < 150*time.Millisecond || spent > 2*time.Second {
		t.Errorf("five batches took %s, want about five times 50 ms", spent)
	}
	produce(t, producer(t, cluster), "v", 10)
	w.until("the records", func() bool { return len(w.got) == 10 && w.last.AtEnd })
	w.contiguous(0, 10)
}

func TestReader_hands_over_what_the_record_has(t *testing.T) {
	_, cluster := fake(t, 1)
	at := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC)
	sent := Message{Key: []byte("c-1"), Value: []byte("v"), Time: at, Headers: []Header{{"a", []byte("1")}, {"a", nil}}}
	if err := producer(t, cluster).Produce(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	w := watch(t, cluster, quick(), 0)
	w.until("the record", func() bool { return len(w.got) == 1 })
	got := w.got[0]
	if string(got.Key) != "c-1" || string(got.Value) != "v" || !got.Timestamp.Equal(at) || got.Timestamp.Location() != time.UTC {
		t.Errorf("record is %+v", got)
	}
	if len(got.Headers) != 2 || got.Headers[0].Key != "a" || string(got.Headers[0].Value) != "1" || len(got.Headers[1].Value) != 0 {
		t.Errorf("headers are %+v", got.Headers)
	}
}

func TestReader_bounds_a_batch_that_decompresses_to_more_than_a_fetch(t *testing.T) {
	_, cluster := fake(t, 1)
	p := producer(t, cluster, func(c *ProducerConfig) { c.Compression = "zstd" })
	for range 8 {
		messages := make([]Message, 100)
		for i := range messages {
			messages[i] = Message{Key: []byte("k"), Value: bytes.Repeat([]byte("v"), 1000)}
		}
		if err := p.Produce(t.Context(), messages...); err != nil {
			t.Fatal(err)
		}
	}
	config := quick()
	config.MaxBytes, config.MinBytes = 16<<10, 1
	largest := 0
	ctx, cancel := context.WithCancel(t.Context())
	next := int64(0)
	err := NewReader(cluster, config, topic, 0, Hooks{}, zerolog.Nop()).Run(ctx, 0, func(_ context.Context, b Batch) error {
		size := 0
		for _, r := range b.Records {
			if size += r.bytes(); r.Offset != next {
				t.Fatalf("offset %d, want %d", r.Offset, next)
			}
			next++
		}
		largest = max(largest, size)
		if b.AtEnd != (next == 800) {
			t.Errorf("at end is %v after %d of 800 records", b.AtEnd, next)
		}
		if b.AtEnd {
			cancel()
		}
		return nil
	})
	if err != nil || largest > 16<<10+1001 || largest < 12<<10 {
		t.Errorf("largest batch has %d bytes, want about 16 KiB; err %v", largest, err)
	}
}

func TestReader_reads_a_record_larger_than_a_fetch(t *testing.T) {
	c, cluster := fake(t, 1)
	large := "20000000"
	if err := c.DeleteTopic(topic); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateTopic(topic, 1, map[string]string{"max.message.bytes": large}); err != nil {
		t.Fatal(err)
	}
	p := producer(t, cluster, func(c *ProducerConfig) { c.MaxMessageBytes = 7 << 20 })
	produce(t, p, "before", 3)
	if err := p.Produce(t.Context(), Message{Key: []byte("k"), Value: bytes.Repeat([]byte("x"), 6<<20)}); err != nil {
		t.Fatal(err)
	}
	produce(t, p, "after", 3)
	w := watch(t, cluster, quick(), 0)
	w.until("all records", func() bool { return w.ends > 0 })
	w.contiguous(0, 7)
	if n := len(w.got[3].Value); n != 6<<20 {
		t.Errorf("the large record has %d bytes", n)
	}
}

func TestReader_ends_with_the_handlers_error_and_quietly_with_its_context(t *testing.T) {
	_, cluster := fake(t, 1)
	r := NewReader(cluster, quick(), topic, 0, Hooks{}, zerolog.Nop())
	refusal := errors.New("no more")
	if err := r.Run(t.Context(), 0, func(context.Context, Batch) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("Run returned %v, want the handler's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := r.Run(ctx, 0, func(ctx context.Context, _ Batch) error { cancel(); return ctx.Err() }); err != nil {
		t.Errorf("Run returned %v after its context ended, want nil", err)
	}
}

func TestReader_reports_what_retention_removed_and_goes_on_behind_it(t *testing.T) {
	c, cluster := fake(t, 1)
	p := producer(t, cluster)
	produce(t, p, "v", 100)
	if err := c.DeleteRecords(topic, 0, 40); err != nil {
		t.Fatal(err)
	}
	w := watch(t, cluster, quick(), 10)
	w.until("the end", func() bool { return w.ends > 0 })
	w.contiguous(40, 100)
	if len(w.lost) != 1 || w.lost[0] != [2]int64{10, 40} {
		t.Errorf("lost %v, want [10, 40)", w.lost)
	}
	fromStart := watch(t, cluster, quick(), -1)
	fromStart.until("the end", func() bool { return fromStart.ends > 0 })
	if fromStart.contiguous(40, 100); len(fromStart.lost) != 0 {
		t.Errorf("reading from the start of the log lost %v", fromStart.lost)
	}
}

func TestReader_notices_retention_while_it_reads(t *testing.T) {
	c, cluster := fake(t, 1)
	produce(t, producer(t, cluster, func(c *ProducerConfig) { c.BatchRecords = 10 }), "v", 100)
	config := quick()
	config.MaxBytes, config.MinBytes = 1<<10, 1 // some ten records a fetch
	var lost [][2]int64
	hooks := Hooks{Lost: func(_ int32, from, to int64) { lost = append(lost, [2]int64{from, to}) }}
	ctx, cancel := context.WithCancel(t.Context())
	var offsets []int64
	err := NewReader(cluster, config, topic, 0, hooks, zerolog.Nop()).Run(ctx, 0, func(_ context.Context, b Batch) error {
		if len(offsets) == 0 {
			if err := c.DeleteRecords(topic, 0, 90); err != nil {
				return err
			}
		}
		for _, r := range b.Records {
			offsets = append(offsets, r.Offset)
		}
		if b.AtEnd {
			cancel()
		}
		return nil
	})
	if err != nil || len(lost) != 1 || lost[0][1] != 90 || offsets[len(offsets)-1] != 99 {
		t.Fatalf("lost %v, read %v, err %v", lost, offsets, err)
	}
	if want := int(lost[0][0]) + 10; len(offsets) != want {
		t.Errorf("read %d records, want the %d that were not lost", len(offsets), want)
	}
}

func TestReader_refuses_an_offset_beyond_the_end_of_the_log(t *testing.T) {
	c, cluster := fake(t, 1)
	p := producer(t, cluster)
	produce(t, p, "old", 100)
	w := watch(t, cluster, quick(), 0)
	w.until("the end", func() bool { return w.ends > 0 })
	if err := c.DeleteTopic(topic); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateTopic(topic, 1, nil); err != nil {
		t.Fatal(err)
	}
	produce(t, p, "new", 5)
	<-w.ended
	if !errors.Is(w.err, ErrTruncated) || !IsPermanent(w.err) {
		t.Fatalf("Run returned %v, want a permanent ErrTruncated", w.err)
	}
	for _, part := range []string{"ratings/0", "offset 5", "up to 100", "new epoch"} {
		if !strings.Contains(w.err.Error(), part) {
			t.Errorf("%q does not say %q", w.err, part)
		}
	}
	w.contiguous(0, 100)
}

func TestReader_waits_for_a_leader_that_is_behind_for_a_moment(t *testing.T) {
	c, cluster := fake(t, 1)
	produce(t, producer(t, cluster), "v", 50)
	var behind atomic.Int32
	behind.Store(4)
	c.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if behind.Add(-1) < 0 {
			return nil, nil, false
		}
		res := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		p := kmsg.NewListOffsetsResponseTopicPartition()
		p.Offset = 20
		rt := kmsg.NewListOffsetsResponseTopic()
		rt.Topic, rt.Partitions = topic, append(rt.Partitions, p)
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
	w := watch(t, cluster, quick(), 30)
	w.until("the end", func() bool { return w.ends > 0 })
	w.contiguous(30, 50)
	if w.errs == 0 || len(w.lost) != 0 {
		t.Errorf("%d fetch errors, lost %v; want some and none", w.errs, w.lost)
	}

	time.Sleep(quick().TruncatedAfter) // a second moment is not the first one going on
	behind.Store(2)
	c.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) { return nil, errors.New("cut"), true })
	var ends int
	w.do(func() { ends = w.ends })
	w.until("the end again", func() bool { return w.ends > ends+1 && behind.Load() < 0 })
}

func TestReader_outlives_broken_and_hanging_connections(t *testing.T) {
	for name, answer := range map[string]error{"broken": errors.New("cut"), "hanging": nil} {
		t.Run(name, func(t *testing.T) {
			c, cluster := fake(t, 1)
			cluster.RequestTimeout = 300 * time.Millisecond
			p := producer(t, cluster, func(c *ProducerConfig) { c.BatchRecords = 10 })
			fetches := 0
			c.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				fetches++
				return nil, answer, fetches%3 == 0
			})
			config := quick()
			config.MaxBytes, config.MinBytes = 1<<10, 1
			produce(t, p, "v", 100)
			w := watch(t, cluster, config, 0)
			w.until("the end", func() bool { return w.ends > 0 })
			if w.contiguous(0, 100); w.errs == 0 {
				t.Error("no fetch error was reported")
			}
		})
	}
}

func TestReader_follows_the_leader(t *testing.T) {
	c, cluster := fake(t, 1, kfake.NumBrokers(3))
	p := producer(t, cluster)
	w := watch(t, cluster, quick(), 0)
	for i := range 6 {
		produce(t, p, "v", 50)
		if err := c.MoveTopicPartition(topic, 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
	}
	w.until("all records", func() bool { return len(w.got) >= 300 })
	seen := map[string]int{}
	for i, r := range w.got {
		if seen[string(r.Value)]++; r.Offset != int64(i) {
			t.Fatalf("record %d has offset %d", i, r.Offset)
		}
	}
	if len(seen) != 50 {
		t.Errorf("%d distinct values, want 50", len(seen))
	}
}

func TestReader_and_Producer_outlive_a_restart_of_the_broker(t *testing.T) {
	dir := t.TempDir()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic), kfake.DataDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close() }()
	cluster := clusterAt(c.ListenAddrs()...)
	p := producer(t, cluster)
	w := watch(t, cluster, quick(), 0)
	produce(t, p, "before", 100)
	w.until("the first records", func() bool { return len(w.got) == 100 })

	var port int
	if _, err := fmt.Sscanf(cluster.Brokers[0], "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	c.Close()
	err = p.Produce(t.Context(), Message{Key: []byte("k"), Value: []byte("during")})
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("Produce returned %v while the broker was away, want ErrUnavailable", err)
	}
	if c, err = kfake.NewCluster(kfake.Ports(port), kfake.DataDir(dir)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "producing again", 20*time.Second, func() bool {
		return p.Produce(t.Context(), Message{Key: []byte("k"), Value: []byte("after")}) == nil
	})
	w.until("the record after the restart", func() bool { return len(w.got) > 0 && string(w.got[len(w.got)-1].Value) == "after" })
	w.contiguous(0, int64(len(w.got)))
	if w.errs == 0 {
		t.Error("no fetch error was reported")
	}
}
