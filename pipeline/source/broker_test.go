package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"satisflow/deploy/testkit"
)

// The tests of this file run against Apache Kafka.

func onTopic(name string) func(*ProducerConfig) {
	return func(c *ProducerConfig) { c.Topic = name }
}

func TestApache_group_and_static_assignment(t *testing.T) {
	k := testkit.Kafka(t)
	cluster := clusterAt(k.Brokers...)
	t.Run("members of a group come and go", func(t *testing.T) { shareAmongMembers(t, cluster, k.Topic(t, 4)) })
	t.Run("partitions owned by hand", func(t *testing.T) { ownByHand(t, cluster, k.Topic(t, 4)) })
}

func TestApache_reading_from_any_offset_in_any_compression(t *testing.T) {
	k := testkit.Kafka(t)
	cluster := clusterAt(k.Brokers...)
	for _, compression := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			name := k.Topic(t, 1)
			p := producer(t, cluster, onTopic(name), func(c *ProducerConfig) { c.Compression = compression; c.BatchRecords = 100 })
			produce(t, p, "v", 300)
			for _, from := range []int64{-1, 137, 299, 300} {
				w := watchTopic(t, cluster, name, quick(), from)
				w.until("the end of the partition", func() bool { return w.ends > 0 })
				w.contiguous(max(from, 0), 300)
				w.stop()
			}
		})
	}
}

func TestApache_a_record_larger_than_a_fetch(t *testing.T) {
	k := testkit.Kafka(t)
	cluster := clusterAt(k.Brokers...)
	name := k.Topic(t, 1, "max.message.bytes=8000000")
	p := producer(t, cluster, onTopic(name), func(c *ProducerConfig) { c.MaxMessageBytes = 7 << 20 })
	produce(t, p, "before", 3)
	if err := p.Produce(t.Context(), Message{Key: []byte("k"), Value: bytes.Repeat([]byte("x"), 6<<20)}); err != nil {
		t.Fatal(err)
	}
	produce(t, p, "after", 3)
	w := watchTopic(t, cluster, name, quick(), 0)
	w.until("all records", func() bool { return w.ends > 0 })
	if w.contiguous(0, 7); len(w.got[3].Value) != 6<<20 {
		t.Errorf("the large record has %d bytes", len(w.got[3].Value))
	}

	small := producer(t, cluster, onTopic(k.Topic(t, 1, "max.message.bytes=1000")))
	if err := small.Produce(t.Context(), Message{Key: []byte("k"), Value: make([]byte, 5000)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Produce returned %v for what the topic does not take, want ErrTooLarge", err)
	}
}

func TestApache_retention_and_a_topic_made_anew(t *testing.T) {
	k := testkit.Kafka(t)
	cluster := clusterAt(k.Brokers...)
	name := k.Topic(t, 1)
	p := producer(t, cluster, onTopic(name))
	produce(t, p, "v", 100)
	removeRecords(t, cluster, name, 40)
	w := watchTopic(t, cluster, name, quick(), 10)
	w.until("the end", func() bool { return w.ends > 0 })
	if w.contiguous(40, 100); len(w.lost) != 1 || w.lost[0] != [2]int64{10, 40} {
		t.Errorf("lost %v, want [10, 40)", w.lost)
	}

	client := newClient(t, cluster)
	r, err := client.client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{name}})
	if err != nil || r.Errors[name] != nil {
		t.Fatal(err, r.Errors)
	}
	eventually(t, "the topic again", 10*time.Second, func() bool {
		states, err := client.EnsureTopics(t.Context(), TopicSpec{Name: name, Partitions: 1, ReplicationFactor: -1})
		return err == nil && states[0].Created
	})
	<-w.ended
	if !errors.Is(w.err, ErrTruncated) || !IsPermanent(w.err) {
		t.Errorf("Run returned %v, want a permanent ErrTruncated", w.err)
	}
}

// removeRecords moves the start of partition 0's log, as retention does.
func removeRecords(t *testing.T, cluster Config, topic string, before int64) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Offset = before
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, p)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, rt)
	res, err := req.RequestWith(t.Context(), cl)
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("delete records: %v, %+v", err, res)
	}
}

func TestApache_killed_and_paused_while_reading_and_producing(t *testing.T) {
	k := testkit.StartKafka(t, testkit.BrokerOptions{})
	cluster := clusterAt(k.Brokers...)
	cluster.RequestTimeout = 1500 * time.Millisecond
	name := k.Topic(1)
	p := producer(t, cluster, onTopic(name))
	from := int64(7)
	produce(t, p, "early", int(from))

	stop, acknowledged := make(chan struct{}), make(chan []string)
	go func() { acknowledged <- produceUntil(t, p, stop) }()
	w := watchTopic(t, cluster, name, quick(), from)
	reads := func() {
		n := 0
		w.do(func() { n = len(w.got) })
		w.until("more records", func() bool { return len(w.got) > n+50 })
	}
	for _, fault := range []func(){
		func() { k.Kill(); k.Start() },
		func() { k.Pause(); time.Sleep(cluster.RequestTimeout + time.Second); k.Resume() },
	} {
		reads()
		fault()
		reads()
	}
	close(stop)
	values := <-acknowledged
	client := newClient(t, cluster)
	_, last, err := client.Offsets(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	w.until("the end", func() bool { return w.last.Next == last[0] })
	w.contiguous(from, last[0])
	seen := map[string]bool{}
	for _, r := range w.got {
		seen[string(r.Value)] = true
	}
	for _, v := range values {
		if !seen[v] {
			t.Fatalf("%s was acknowledged and not read", v)
		}
	}
	t.Logf("%d values acknowledged, %d records in the log, %d fetch errors", len(values), last[0]-from, w.errs)
}

// produceUntil writes values, each until it is acknowledged, and returns them.
func produceUntil(t *testing.T, p *Producer, stop <-chan struct{}) []string {
	var values []string
	for i := 0; ; i++ {
		m := Message{Key: []byte("k"), Value: fmt.Append(nil, "value-", i)}
		for p.Produce(context.Background(), m) != nil {
			select {
			case <-stop:
				return values
			default:
			}
		}
		select {
		case <-stop:
			return append(values, string(m.Value))
		default:
			values = append(values, string(m.Value))
		}
	}
}

// memberEnv makes this test binary a member of a group: brokers, topic and group, by blanks.
const memberEnv = "SATISFLOW_SOURCE_MEMBER"

func beMember() {
	go func() { // the test holds the other end of standard input
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	f := strings.Fields(os.Getenv(memberEnv))
	config := DefaultGroupConfig()
	config.Topic, config.ID = f[1], f[2]
	o := &owner{cluster: clusterAt(f[0]), topic: config.Topic, ledger: newLedger()}
	_ = NewGroup(o.cluster, config, Hooks{}, zerolog.Nop()).Run(context.Background(), o.own)
}

func TestApache_partitions_of_a_killed_member_are_at_work_again_within_10_s(t *testing.T) {
	k := testkit.Kafka(t)
	cluster := clusterAt(k.Brokers...)
	name := k.Topic(t, 4)
	config := DefaultGroupConfig()
	config.Topic, config.ID = name, "group-of-"+name

	member := exec.CommandContext(t.Context(), os.Args[0])
	member.Env = append(os.Environ(), memberEnv+"="+strings.Join([]string{k.Brokers[0], name, config.ID}, " "))
	member.Stderr = os.Stderr
	stdin, err := member.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := member.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = member.Process.Kill(); _ = member.Wait() }()
	l := newLedger()
	o := &owner{cluster: cluster, topic: name, ledger: l}
	start(t, NewGroup(cluster, config, Hooks{}, zerolog.Nop()).Run, o.own)
	eventually(t, "two partitions each", 20*time.Second, func() bool { return o.partitions() == 2 })

	p := producer(t, cluster, onTopic(name))
	if err := member.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	produce(t, p, "after", 100)
	eventually(t, "all records read by the one that is left", 15*time.Second, func() bool { n, _ := l.count(); return n == 100 })
	spent := time.Since(killed)
	t.Logf("%s from kill to the last record", spent)
	if spent > 10*time.Second {
		t.Errorf("took %s, want less than 10 s", spent)
	}
}
