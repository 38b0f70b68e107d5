package testkit

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"

	"satisflow/sinks/clickhouse/engine/child"
)

//go:embed kafka/server.properties
var kafkaProperties []byte

//go:embed kafka/log4j2.properties
var kafkaLogging []byte

// clusterID is the same for every broker; they never meet.
const clusterID = "5L6g3nShT-eMCtK--X86sw"

// kafkaConfig is a broker's place: its folder, its ports, and what differs from server.properties.
type kafkaConfig struct {
	java, jars string
	dir        string
	port       int
	controller int
	properties map[string]string
	stderr     io.Writer
}

func (c kafkaConfig) address() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }

func (c kafkaConfig) file(name string) string { return filepath.Join(c.dir, name) }

// format writes the broker's configuration and makes its data folder ready, unless it is.
func (c kafkaConfig) format(ctx context.Context) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("format Kafka: %w", err)
	}
	err := errors.Join(
		os.WriteFile(c.file("log4j2.properties"), kafkaLogging, 0o600),
		os.WriteFile(c.file("server.properties"), c.serverProperties(), 0o600),
	)
	if err != nil {
		return fmt.Errorf("format Kafka: %w", err)
	}
	cmd := exec.CommandContext(ctx, c.java, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-cp", filepath.Join(c.jars, "*"), "kafka.tools.StorageTool", "format", "--ignore-formatted",
		"-t", clusterID, "-c", c.file("server.properties"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format Kafka: %w\n%s", err, out)
	}
	return nil
}

func (c kafkaConfig) serverProperties() []byte {
	out := bytes.NewBuffer(bytes.Clone(kafkaProperties))
	fmt.Fprintf(out, "\nlisteners=PLAINTEXT://%s,CONTROLLER://127.0.0.1:%d\n", c.address(), c.controller)
	fmt.Fprintf(out, "advertised.listeners=PLAINTEXT://%s\n", c.address())
	fmt.Fprintf(out, "controller.quorum.voters=1@127.0.0.1:%d\n", c.controller)
	fmt.Fprintf(out, "log.dirs=%s\n", c.file("data"))
	for _, name := range slices.Sorted(maps.Keys(c.properties)) {
		fmt.Fprintf(out, "%s=%s\n", name, c.properties[name])
	}
	return out.Bytes()
}

// kafkaProcess is a broker that runs.
type kafkaProcess struct{ *child.Process }

// start starts a formatted broker and returns when it creates topics.
func (c kafkaConfig) start(ctx context.Context) (kafkaProcess, error) {
	cmd := exec.Command(c.java, "-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-Dlog4j2.configurationFile=file:"+c.file("log4j2.properties"),
		"-cp", filepath.Join(c.jars, "*"), "kafka.Kafka", c.file("server.properties"))
	cmd.Dir, cmd.Stderr = c.dir, c.stderr
	process, err := child.Start("kafka broker", cmd)
	if err != nil {
		return kafkaProcess{}, err
	}
	if err := c.awaitReady(ctx, process); err != nil {
		return kafkaProcess{}, errors.Join(err, process.Kill())
	}
	return kafkaProcess{process}, nil
}

// awaitReady creates a topic until that succeeds: the broker answers other requests before.
func (c kafkaConfig) awaitReady(ctx context.Context, process *child.Process) error {
	for {
		err := c.createReadyTopic(ctx)
		if err == nil || errors.Is(err, kafka.TopicAlreadyExists) {
			return nil
		}
		select {
		case <-process.Done():
			return process.Wait()
		case <-ctx.Done():
			return fmt.Errorf("kafka broker is not ready: %w", errors.Join(ctx.Err(), err))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// createReadyTopic uses a new client for each attempt: one that was refused keeps the error for seconds.
func (c kafkaConfig) createReadyTopic(ctx context.Context) error {
	client, closeIdle := newKafkaClient(c.address())
	defer closeIdle()
	return createTopic(ctx, client, kafka.TopicConfig{Topic: "testkit-ready", NumPartitions: 1, ReplicationFactor: 1})
}

// Stop ends the broker in order.
func (p kafkaProcess) Stop(ctx context.Context) error {
	return p.Process.Stop(ctx, func() error { return p.Signal(syscall.SIGTERM) })
}
