package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func quickGroup() GroupConfig {
	c := DefaultGroupConfig()
	c.HeartbeatInterval = 50 * time.Millisecond
	c.JoinBackoff = 50 * time.Millisecond
	c.WatchInterval = 200 * time.Millisecond
	return c
}

// ledger is what all owners of a test have read together: each offset with how often.
type ledger struct {
	mu     sync.Mutex
	seen   map[string]int
	values map[string]int
}

func newLedger() *ledger { return &ledger{seen: map[string]int{}, values: map[string]int{}} }

func (l *ledger) add(records []Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.seen[fmt.Sprintf("%d/%d", r.Partition, r.Offset)]++
		l.values[string(r.Value)]++
	}
}

func (l *ledger) count() (distinct, repeated int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.values {
		if n > 1 {
			repeated++
		}
	}
	return len(l.values), repeated
}

// owner reads its partitions as the pipeline does: from the committed offsets here, which
// it commits as it goes and, for the last time, when it drains.
type owner struct {
	cluster Config
	topic   string
	ledger  *ledger
	drain   time.Duration

	mu          sync.Mutex
	current     Assignment
	assignments int
	active      int
	commitErrs  []error
}

func (o *owner) do(f func()) { o.mu.Lock(); defer o.mu.Unlock(); f() }

func (o *owner) partitions() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.current.Partitions)
}

func (o *owner) own(ctx context.Context, a Assignment, commit Commit) error {
	o.do(func() { o.current = a; o.assignments++; o.active++ })
	defer o.do(func() { o.active--; o.current = Assignment{} })
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := map[int32]int64{}
	for _, p := range a.Partitions {
		r := NewReader(o.cluster, quick(), o.topic, p.Partition, Hooks{}, zerolog.Nop())
		wg.Go(func() {
			_ = r.Run(ctx, p.Committed, func(ctx context.Context, b Batch) error {
				o.ledger.add(b.Records)
				mu.Lock()
				defer mu.Unlock()
				if len(b.Records) > 0 {
					next[b.Partition] = b.Next
				}
				return nil
			})
		})
	}
	wg.Wait()
	<-ctx.Done()
	time.Sleep(o.drain)
	if err := commit(context.WithoutCancel(ctx), next); err != nil && len(next) > 0 {
		o.do(func() { o.commitErrs = append(o.commitErrs, err) })
	}
	return nil
}

// start runs a member until the returned function has stopped it.
func start(t *testing.T, run func(context.Context, Owner) error, own Owner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := run(ctx, own); err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

func TestGroup_shares_partitions_as_members_come_and_go_and_loses_nothing(t *testing.T) {
	_, cluster := fake(t, 4)
	shareAmongMembers(t, cluster, topic)
}

// shareAmongMembers has a second member join and leave while the topic, of four
// partitions, is written to.
func shareAmongMembers(t *testing.T, cluster Config, topic string) {
	p := producer(t, cluster, func(c *ProducerConfig) { c.Topic = topic })
	l := newLedger()
	produced := 0
	more := func() { produce(t, p, fmt.Sprint("v", produced), 50); produced += 50 }
	config := quickGroup()
	config.Topic, config.ID = topic, "group-of-"+topic
	group := func() *Group { return NewGroup(cluster, config, Hooks{}, zerolog.Nop()) }

	a := &owner{cluster: cluster, topic: topic, ledger: l, drain: 50 * time.Millisecond}
	stopA := start(t, group().Run, a.own)
	more()
	eventually(t, "the first member has all partitions", 10*time.Second, func() bool { return a.partitions() == 4 })
	more()
	b := &owner{cluster: cluster, topic: topic, ledger: l}
	stopB := start(t, group().Run, b.own)
	more()
	eventually(t, "two members have two partitions each", 10*time.Second, func() bool {
		return a.partitions() == 2 && b.partitions() == 2
	})
	more()
	eventually(t, "all is read", 10*time.Second, func() bool { n, _ := l.count(); return n == produced })
	stopB()
	more()
	eventually(t, "the first member has all partitions again", 10*time.Second, func() bool { return a.partitions() == 4 })
	more()
	eventually(t, "all is read", 10*time.Second, func() bool { n, _ := l.count(); return n == produced })
	stopA()

	if n, repeated := l.count(); n != produced || repeated != 0 {
		t.Errorf("read %d of %d values, %d of them again; want all once, as every drain committed", n, produced, repeated)
	}
	for _, o := range []*owner{a, b} {
		if len(o.commitErrs) > 0 {
			t.Errorf("commits while draining failed: %v", o.commitErrs)
		}
	}
}

func TestGroup_tells_committed_offsets_and_the_size_of_the_topic(t *testing.T) {
	_, cluster := fake(t, 3)
	produce(t, producer(t, cluster), "v", 30)
	g := NewGroup(cluster, quickGroup(), Hooks{}, zerolog.Nop())
	for round, want := range []int64{-1, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		err := g.Run(ctx, func(ctx context.Context, a Assignment, commit Commit) error {
			if a.TopicPartitions != 3 || len(a.Partitions) != 3 || a.Member == "" {
				t.Errorf("assignment is %+v", a)
			}
			for i, p := range a.Partitions {
				if p.Partition != int32(i) || p.Committed != want {
					t.Errorf("round %d: partition %d has committed offset %d, want %d", round, p.Partition, p.Committed, want)
				}
			}
			if err := commit(ctx, map[int32]int64{0: 4, 1: 4, 2: 4}); err != nil {
				t.Errorf("commit: %v", err)
			}
			cancel()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestGroup_asks_again_after_an_owners_error_and_ends_with_a_permanent_one(t *testing.T) {
	_, cluster := fake(t, 1)
	calls, counted := 0, 0
	g := NewGroup(cluster, quickGroup(), Hooks{GroupError: func(error) { counted++ }}, zerolog.Nop())
	wrong := errors.New("another configuration")
	err := g.Run(t.Context(), func(context.Context, Assignment, Commit) error {
		switch calls++; calls {
		case 1:
			return errors.New("a moment please")
		case 2:
			return nil
		default:
			return Permanent(wrong)
		}
	})
	if !errors.Is(err, wrong) || calls != 3 || counted != 2 {
		t.Errorf("Run returned %v after %d calls and %d counted errors, want the permanent one after 3 and 2", err, calls, counted)
	}
}

func TestGroup_returns_the_error_of_the_last_drain(t *testing.T) {
	_, cluster := fake(t, 1)
	lost := errors.New("the last flush failed")
	ctx, cancel := context.WithCancel(t.Context())
	err := NewGroup(cluster, quickGroup(), Hooks{}, zerolog.Nop()).Run(ctx, func(ctx context.Context, _ Assignment, _ Commit) error {
		cancel()
		return lost
	})
	if !errors.Is(err, lost) {
		t.Errorf("Run returned %v, want the owner's error", err)
	}
}

func TestGroup_ends_with_a_session_timeout_that_the_broker_never_allows(t *testing.T) {
	_, cluster := fake(t, 1)
	config := quickGroup()
	config.SessionTimeout = time.Second
	err := NewGroup(cluster, config, Hooks{}, zerolog.Nop()).Run(t.Context(), func(context.Context, Assignment, Commit) error {
		t.Error("got an assignment")
		return nil
	})
	if !IsPermanent(err) || !strings.Contains(err.Error(), "kafka.group.session_timeout: 1s: want what the broker allows") {
		t.Errorf("Run returned %v", err)
	}
}

func TestGroup_leaves_without_joining_once_more(t *testing.T) {
	c, cluster := fake(t, 1)
	joins := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Observe: true, Count: -1})
	leaves := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.LeaveGroup}, Observe: true, Count: -1})
	for round := 1; round <= 5; round++ {
		ctx, cancel := context.WithCancel(t.Context())
		err := NewGroup(cluster, quickGroup(), Hooks{}, zerolog.Nop()).Run(ctx, func(context.Context, Assignment, Commit) error {
			cancel()
			return nil
		})
		if err != nil || joins.Hits() != round || leaves.Hits() != round {
			t.Fatalf("%d joins and %d leaves after %d members, err %v", joins.Hits(), leaves.Hits(), round, err)
		}
	}
}

func TestGroup_makes_a_new_assignment_when_the_topic_grows(t *testing.T) {
	c, cluster := fake(t, 2)
	o := &owner{cluster: cluster, topic: topic, ledger: newLedger()}
	start(t, NewGroup(cluster, quickGroup(), Hooks{}, zerolog.New(zerolog.NewTestWriter(t))).Run, o.own)
	eventually(t, "two partitions", 10*time.Second, func() bool { return o.partitions() == 2 })
	grow(t, c, 5)
	eventually(t, "five partitions", 20*time.Second, func() bool {
		var size int
		o.do(func() { size = o.current.TopicPartitions })
		return o.partitions() == 5 && size == 5
	})
}

func TestGroup_waits_for_the_topic_without_a_flood(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var mu sync.Mutex
	errs := 0
	hooks := Hooks{GroupError: func(error) { mu.Lock(); defer mu.Unlock(); errs++ }}
	o := &owner{cluster: clusterAt(c.ListenAddrs()...), topic: topic, ledger: newLedger()}
	start(t, NewGroup(o.cluster, quickGroup(), hooks, zerolog.New(zerolog.NewTestWriter(t))).Run, o.own)
	time.Sleep(time.Second)
	if err := c.CreateTopic(topic, 2, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the assignment", 20*time.Second, func() bool { return o.partitions() == 2 })
	mu.Lock()
	defer mu.Unlock()
	if errs < 1 || errs > 25 {
		t.Errorf("%d errors in about a second, want a few", errs)
	}
}

func TestGroup_stops_soon_while_another_member_holds_a_rebalance_up(t *testing.T) {
	_, cluster := fake(t, 2)
	config := quickGroup()
	config.LeaveTimeout = 300 * time.Millisecond
	release := make(chan struct{})
	inside := make(chan struct{})
	var once sync.Once
	start(t, NewGroup(cluster, config, Hooks{}, zerolog.Nop()).Run, func(ctx context.Context, _ Assignment, _ Commit) error {
		once.Do(func() { close(inside) })
		<-ctx.Done()
		<-release
		return nil
	})
	defer close(release)
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	started := time.Now()
	second := NewGroup(cluster, config, Hooks{}, zerolog.Nop())
	if err := second.Run(ctx, func(ctx context.Context, _ Assignment, _ Commit) error { <-ctx.Done(); return nil }); err != nil {
		t.Error(err)
	}
	if spent := time.Since(started); spent > 2500*time.Millisecond {
		t.Errorf("Run took %s to end a second after it began, want about 1.3 s", spent)
	}
}

// grow gives the topic more partitions.
func grow(t *testing.T, c *kfake.Cluster, partitions int) {
	t.Helper()
	client, err := NewClient(clusterAt(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.growForTest(t.Context(), topic, partitions); err != nil {
		t.Fatal(err)
	}
}
