package realkafka

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

//go:embed server.properties
var properties []byte

//go:embed log4j2.properties
var logging []byte

// clusterID is the same for every broker; they never meet.
const clusterID = "5L6g3nShT-eMCtK--X86sw"

// Config is a broker's place: its folder, its ports, and what differs from server.properties.
type Config struct {
	// Java is the program, Jars the folder that [Jars] returns.
	Java, Jars string
	// Dir is the broker's folder, for its configuration and its data.
	Dir string
	// Port and Controller are its ports on loopback.
	Port, Controller int
	// Properties are added to server.properties, or stand in place of what it has.
	Properties map[string]string
	// Stderr receives what the broker logs; nil drops it.
	Stderr io.Writer
}

// New returns the place of a broker in a folder, on free ports.
func New(java, jars, dir string) (Config, error) {
	port, err := FreePort()
	controller, controllerErr := FreePort()
	return Config{Java: java, Jars: jars, Dir: dir, Port: port, Controller: controller}, errors.Join(err, controllerErr)
}

// Address is where the broker listens, host:port; the same after every Start.
func (c Config) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.Port) }

func (c Config) file(name string) string { return filepath.Join(c.Dir, name) }

// Format writes the broker's configuration and makes its data folder ready, unless it is.
func (c Config) Format(ctx context.Context) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("format Kafka: %w", err)
	}
	err := errors.Join(
		os.WriteFile(c.file("log4j2.properties"), logging, 0o600),
		os.WriteFile(c.file("server.properties"), c.serverProperties(), 0o600),
	)
	if err != nil {
		return fmt.Errorf("format Kafka: %w", err)
	}
	cmd := exec.CommandContext(ctx, c.Java, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-cp", filepath.Join(c.Jars, "*"), "kafka.tools.StorageTool", "format", "--ignore-formatted",
		"-t", clusterID, "-c", c.file("server.properties"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format Kafka: %w\n%s", err, out)
	}
	return nil
}

func (c Config) serverProperties() []byte {
	out := bytes.NewBuffer(bytes.Clone(properties))
	fmt.Fprintf(out, "\nlisteners=PLAINTEXT://%s,CONTROLLER://127.0.0.1:%d\n", c.Address(), c.Controller)
	fmt.Fprintf(out, "advertised.listeners=PLAINTEXT://%s\n", c.Address())
	fmt.Fprintf(out, "controller.quorum.voters=1@127.0.0.1:%d\n", c.Controller)
	fmt.Fprintf(out, "log.dirs=%s\n", c.file("data"))
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		fmt.Fprintf(out, "%s=%s\n", name, c.Properties[name])
	}
	return out.Bytes()
}

// Process is a broker that runs, and dies with this process.
type Process struct{ *child.Process }

// Start starts a formatted broker and returns when it creates topics.
func (c Config) Start(ctx context.Context) (Process, error) {
	cmd := exec.Command(c.Java, "-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-Dlog4j2.configurationFile=file:"+c.file("log4j2.properties"),
		"-cp", filepath.Join(c.Jars, "*"), "kafka.Kafka", c.file("server.properties"))
	cmd.Dir, cmd.Stderr = c.Dir, c.Stderr
	process, err := child.Start("kafka broker", cmd)
	if err != nil {
		return Process{}, err
	}
	if err := c.awaitReady(ctx, process); err != nil {
		return Process{}, errors.Join(err, process.Kill())
	}
	return Process{process}, nil
}

// awaitReady creates a topic until that succeeds: the broker answers other requests before.
func (c Config) awaitReady(ctx context.Context, process *child.Process) error {
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
func (c Config) createReadyTopic(ctx context.Context) error {
	client, closeIdle := NewClient(c.Address())
	defer closeIdle()
	return CreateTopic(ctx, client, kafka.TopicConfig{Topic: "satisflow-ready", NumPartitions: 1, ReplicationFactor: 1})
}

// Stop ends the broker in order.
func (p Process) Stop(ctx context.Context) error {
	return p.Process.Stop(ctx, func() error { return p.Signal(syscall.SIGTERM) })
}
