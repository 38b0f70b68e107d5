package source

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
)

func (c *Client) growForTest(ctx context.Context, topic string, partitions int) error {
	r, err := c.client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: int32(partitions)}},
	})
	if err != nil {
		return err
	}
	return r.Errors[topic]
}

func quickStatic(partitions ...int32) StaticConfig {
	c := DefaultStaticConfig()
	c.Partitions = partitions
	c.WatchInterval = 100 * time.Millisecond
	c.RetryMax = 200 * time.Millisecond
	return c
}

func TestStatic_owns_its_partitions_and_commits_for_lag_tools(t *testing.T) {
	_, cluster := fake(t, 4)
	ownByHand(t, cluster, topic)
}

// ownByHand divides a new topic of four partitions by hand.
func ownByHand(t *testing.T, cluster Config, topic string) {
	produce(t, producer(t, cluster, func(c *ProducerConfig) { c.Topic = topic }), "v", 200)
	static := func(partitions ...int32) *Static {
		c := quickStatic(partitions...)
		c.Topic, c.GroupID = topic, "hand-of-"+topic
		return NewStatic(cluster, c, Hooks{CommitError: func(err error) { t.Error(err) }}, zerolog.Nop())
	}
	l := newLedger()
	low := &owner{cluster: cluster, topic: topic, ledger: l}
	high := &owner{cluster: cluster, topic: topic, ledger: l}
	stopLow := start(t, static(0, 1).Run, low.own)
	start(t, static(2, 3).Run, high.own)
	eventually(t, "all is read", 10*time.Second, func() bool { n, _ := l.count(); return n == 200 })
	stopLow()

	var got Assignment
	ctx, cancel := context.WithCancel(t.Context())
	err := static(1, 0, 2).Run(ctx, func(ctx context.Context, a Assignment, _ Commit) error {
		got = a
		cancel()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Generation != -1 || got.TopicPartitions != 4 || len(got.Partitions) != 3 {
		t.Fatalf("assignment is %+v", got)
	}
	if p := got.Partitions; p[0].Committed <= 0 || p[1].Committed <= 0 || p[2].Committed != -1 {
		t.Errorf("committed offsets are %+v, want those of 1 and 0 and none of 2", p)
	}
	if _, repeated := l.count(); repeated != 0 {
		t.Errorf("%d values were read twice", repeated)
	}
}

func TestStatic_ends_when_a_partition_does_not_exist(t *testing.T) {
	_, cluster := fake(t, 2)
	err := NewStatic(cluster, quickStatic(1, 2), Hooks{}, zerolog.Nop()).Run(t.Context(), nil)
	if err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), "topic ratings has no partition 2: it has 2, 0 to 1") {
		t.Errorf("Run returned %v", err)
	}
}

func TestStatic_makes_a_new_assignment_when_the_topic_grows(t *testing.T) {
	c, cluster := fake(t, 2)
	o := &owner{cluster: cluster, topic: topic, ledger: newLedger()}
	start(t, NewStatic(cluster, quickStatic(0, 1), Hooks{}, zerolog.Nop()).Run, o.own)
	eventually(t, "two partitions", 10*time.Second, func() bool { return o.partitions() == 2 })
	grow(t, c, 3)
	eventually(t, "the topic of three", 10*time.Second, func() bool {
		var size int
		o.do(func() { size = o.current.TopicPartitions })
		return size == 3 && o.partitions() == 2
	})
}

func TestStatic_counts_a_refused_commit_and_goes_on(t *testing.T) {
	_, cluster := fake(t, 1)
	member := &owner{cluster: cluster, topic: topic, ledger: newLedger()}
	start(t, NewGroup(cluster, quickGroup(), Hooks{}, zerolog.Nop()).Run, member.own)
	eventually(t, "a live member", 10*time.Second, func() bool { return member.partitions() == 1 })
	var refused atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	hooks := Hooks{CommitError: func(error) { refused.Add(1) }}
	err := NewStatic(cluster, quickStatic(0), hooks, zerolog.Nop()).Run(ctx, func(ctx context.Context, _ Assignment, commit Commit) error {
		defer cancel()
		return commit(ctx, map[int32]int64{0: 0})
	})
	if err != nil || refused.Load() != 1 {
		t.Errorf("%d commits refused, err %v; want one and none", refused.Load(), err)
	}
}

func TestParsePartitions(t *testing.T) {
	for text, want := range map[string]string{
		"0":        "[0]",
		"0-3":      "[0 1 2 3]",
		"0,2,5":    "[0 2 5]",
		"7, 0-1,3": "[0 1 3 7]",
		"":         `partitions "": "" is no partition: want a number from 0 to 99999, or a range such as 0-3`,
		"a":        `partitions "a": "a" is no partition: want a number from 0 to 99999, or a range such as 0-3`,
		"-1":       `partitions "-1": "" is no partition: want a number from 0 to 99999, or a range such as 0-3`,
		"1-":       `partitions "1-": "" is no partition: want a number from 0 to 99999, or a range such as 0-3`,
		"3-1":      `partitions "3-1": the range "3-1" runs backwards: want 1-3`,
		"0-2,1":    `partitions "0-2,1": 1 comes twice`,
		"0,":       `partitions "0,": "" is no partition: want a number from 0 to 99999, or a range such as 0-3`,
		"0-100000": `partitions "0-100000": "100000" is no partition: want a number from 0 to 99999, or a range such as 0-3`,
	} {
		got, err := ParsePartitions(text)
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
		if !slices.IsSorted(got) {
			t.Errorf("%v is not sorted", got)
		}
	}
}
