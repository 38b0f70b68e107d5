package devstack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"satisflow/pipeline/source"
)

func cluster(address string) source.Config {
	c := source.DefaultConfig()
	c.Brokers = []string{address}
	return c
}

func createTopic(t *testing.T, address, topic string) {
	t.Helper()
	client, err := source.NewClient(cluster(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	states, err := client.EnsureTopics(t.Context(), source.TopicSpec{Name: topic, Partitions: 4, ReplicationFactor: -1})
	if err != nil || states[0].Differs() {
		t.Fatalf("create topic: %+v, %v", states, err)
	}
}

// produce writes messages until one fails or stop is closed, and returns the values that were acknowledged.
func produce(t *testing.T, address, topic string, stop <-chan struct{}) (acknowledged []string) {
	t.Helper()
	config := source.DefaultProducerConfig()
	config.Topic, config.Attempts, config.BatchTimeout = topic, 1, time.Millisecond
	p, err := source.NewProducer(cluster(address), config)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return acknowledged
		default:
		}
		value := fmt.Sprintf("value-%d", i)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err := p.Produce(ctx, source.Message{Key: fmt.Appendf(nil, "key-%d", i), Value: []byte(value), Time: time.Now()})
		cancel()
		if err != nil {
			return acknowledged
		}
		acknowledged = append(acknowledged, value)
	}
}

// consume reads the topic by a consumer group from the committed offsets to the end, commits, and returns the values.
func consume(t *testing.T, address, topic string) map[string]int {
	t.Helper()
	config := source.DefaultGroupConfig()
	config.Topic = topic
	group := source.NewGroup(cluster(address), config, source.Hooks{}, zerolog.Nop())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var mu sync.Mutex
	seen := map[string]int{}
	done := errors.New("read to the end")
	err := group.Run(ctx, func(ctx context.Context, a source.Assignment, commit source.Commit) error {
		next := map[int32]int64{}
		for _, p := range a.Partitions {
			reader := source.NewReader(cluster(address), source.DefaultReaderConfig(), topic, p.Partition, source.Hooks{}, zerolog.Nop())
			err := reader.Run(ctx, max(p.Committed, 0), func(_ context.Context, b source.Batch) error {
				mu.Lock()
				defer mu.Unlock()
				for _, r := range b.Records {
					seen[string(r.Value)]++
					next[p.Partition] = r.Offset + 1
				}
				if b.AtEnd {
					return source.Permanent(done)
				}
				return nil
			})
			if !errors.Is(err, done) {
				return err
			}
		}
		if err := commit(ctx, next); err != nil {
			return err
		}
		return source.Permanent(done)
	})
	if !errors.Is(err, done) {
		t.Fatalf("consume: %v", err)
	}
	return seen
}

func TestTheBrokerGoesOnWhereItEnded(t *testing.T) {
	path := t.TempDir()
	start := func() (*Kafka, func()) {
		dir := open(t, path)
		k, err := StartKafka(t.Context(), dir, 0, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		createTopic(t, k.Address(), "ratings")
		return k, func() {
			k.Close()
			if err := dir.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	produceFor := func(k *Kafka, d time.Duration) int {
		stop := make(chan struct{})
		time.AfterFunc(d, func() { close(stop) })
		return len(produce(t, k.Address(), "ratings", stop))
	}
	k, end := start()
	before := produceFor(k, 200*time.Millisecond)
	if seen := consume(t, k.Address(), "ratings"); len(seen) != before {
		t.Errorf("%d values, want %d", len(seen), before)
	}
	after := produceFor(k, 20*time.Millisecond)
	end()

	k, end = start()
	defer end()
	if seen := consume(t, k.Address(), "ratings"); len(seen) != after || after == 0 {
		t.Errorf("%d values after the restart, want the %d behind the committed offsets", len(seen), after)
	}
}

func startBroker(t *testing.T, path string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), brokerEnv+"="+path)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // held open: the broker ends with it
	stdout, outErr := cmd.StdoutPipe()
	if err := errors.Join(err, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the broker did not start: %v", err)
	}
	return cmd, strings.TrimSpace(address)
}

func TestWhatTheBrokerAcknowledgedSurvivesKill9(t *testing.T) {
	path := t.TempDir()
	var acknowledged []string
	for round := range 3 {
		topic := fmt.Sprintf("ratings-%d", round)
		broker, address := startBroker(t, path)
		createTopic(t, address, topic)
		time.AfterFunc(time.Duration(200+100*round)*time.Millisecond, func() { _ = broker.Process.Kill() })
		acknowledged = produce(t, address, topic, nil)
		_ = broker.Wait() // it was killed
		if len(acknowledged) == 0 {
			t.Fatal("nothing was acknowledged before the kill")
		}

		again, address := startBroker(t, path)
		seen := consume(t, address, topic)
		missing := 0
		for _, value := range acknowledged {
			if seen[value] == 0 {
				missing++
			}
		}
		if missing > 0 {
			t.Errorf("round %d: %d of %d acknowledged messages are gone", round, missing, len(acknowledged))
		}
		t.Logf("round %d: %d acknowledged, %d read back", round, len(acknowledged), len(seen))
		_ = again.Process.Kill()
		_ = again.Wait()
	}
}

func TestThePortOfTheBrokerInUseIsAnErrorOfOneLine(t *testing.T) {
	dir := open(t, t.TempDir())
	k, err := StartKafka(t.Context(), dir, 0, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	var port int
	if _, err := fmt.Sscanf(k.Address(), "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	_, err = StartKafka(t.Context(), open(t, t.TempDir()), port, zerolog.Nop())
	wantParts(t, err, "start the embedded Kafka: port ", "is in use by devstack.test", "--kafka-port")
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %v", err)
	}
}

func TestABrokerThatCannotStoreEndsWithTheReason(t *testing.T) {
	path := t.TempDir()
	dir := open(t, path)
	k, err := StartKafka(t.Context(), dir, 0, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	// Where the partitions' folders would be made lies a file.
	if err := errors.Join(os.RemoveAll(dir.Path("kafka", "partitions")), os.WriteFile(dir.Path("kafka", "partitions"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- k.Run(t.Context()) }()
	createTopic(t, k.Address(), "ratings")
	stop := make(chan struct{})
	time.AfterFunc(200*time.Millisecond, func() { close(stop) })
	produce(t, k.Address(), "ratings", stop)
	select {
	case err := <-ended:
		wantParts(t, err, "store records", "not a directory")
	case <-time.After(5 * time.Second):
		t.Error("it goes on")
	}
}
