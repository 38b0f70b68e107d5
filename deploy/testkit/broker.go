package testkit

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"satisflow/deploy/testkit/realkafka"
)

// BrokerOptions are what a private broker has of its own.
type BrokerOptions struct {
	// Properties are added to server.properties.
	Properties map[string]string
	// Dir is the broker's folder; empty means a temporary one of the test.
	Dir string
}

// Broker is a private Apache Kafka, to be killed and started again on the same address and data.
type Broker struct {
	// Brokers are its bootstrap addresses, host:port, the same after every Start.
	Brokers []string

	t       testing.TB
	cfg     realkafka.Config
	process realkafka.Process
}

// StartKafka starts a broker of the test's own, which takes 3–5 s; it ends with the test.
func StartKafka(t testing.TB, options BrokerOptions) *Broker {
	t.Helper()
	java, jars := Require(t, "java", realkafka.JavaHint), KafkaJars(t)
	if options.Dir == "" {
		options.Dir = filepath.Join(t.TempDir(), "kafka")
	}
	cfg, err := realkafka.New(java, jars, options.Dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Properties = options.Properties
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := cfg.Format(ctx); err != nil {
		t.Fatal(err)
	}
	b := &Broker{Brokers: []string{cfg.Address()}, t: t, cfg: cfg}
	b.Start()
	t.Cleanup(b.Kill)
	return b
}

// Topic creates a topic with a name of its own and returns the name. Configs are "name=value".
func (b *Broker) Topic(partitions int, configs ...string) string {
	b.t.Helper()
	return newTopic(b.t, b.Brokers[0], partitions, configs)
}

// Start starts the broker again, after Stop or Kill, and returns when it creates topics.
func (b *Broker) Start() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	process, err := b.cfg.Start(ctx)
	if err != nil {
		b.t.Fatalf("start private broker: %v", err)
	}
	b.process = process
}

// Kill ends the broker by SIGKILL; one that has ended already is left.
func (b *Broker) Kill() {
	b.t.Helper()
	b.check(b.process.Kill())
}

// Stop ends the broker in order.
func (b *Broker) Stop() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	b.check(b.process.Stop(ctx))
}

// Pause stops the broker in its tracks, with its connections open, until Resume.
func (b *Broker) Pause() {
	b.t.Helper()
	b.check(b.process.Signal(syscall.SIGSTOP))
}

// Resume lets a paused broker go on.
func (b *Broker) Resume() {
	b.t.Helper()
	b.check(b.process.Signal(syscall.SIGCONT))
}

// PID is the process id of the broker.
func (b *Broker) PID() int { return b.process.PID() }

func (b *Broker) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Errorf("private broker: %v", err)
	}
}
