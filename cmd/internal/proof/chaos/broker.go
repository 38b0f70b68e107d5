package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"

	"satisflow/deploy/testkit/realkafka"
	"satisflow/sinks/clickhouse/engine/child"
)

// startTime bounds the start of the broker and of the engine.
const startTime = 90 * time.Second

// broker is a Kafka in a process of its own.
type broker struct {
	name    string
	address string   // past the proxies
	ways    []string // the listener behind the proxy of each processor; one for all where the broker has only one
	launch  func(ctx context.Context) (*child.Process, error)
	process *child.Process
}

func (b *broker) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	started, err := b.launch(ctx)
	if err == nil {
		b.process = started
	}
	return err
}

func (b *broker) kill() error { return b.process.Kill() }

func (b *broker) signal(s syscall.Signal) error { return b.process.Signal(s) }

// newBroker prepares the broker that the configuration asks for. Each address of proxies is where a processor is to find it.
func newBroker(ctx context.Context, cfg *Config, dir string, proxies []string) (*broker, error) {
	if cfg.Broker == BrokerEmbedded {
		return newEmbedded(cfg, dir, proxies[0])
	}
	b, err := newReal(ctx, cfg.Progress, dir, proxies)
	if err != nil && cfg.Broker == BrokerAuto {
		fmt.Fprintf(cfg.Progress, "no Apache Kafka here (%v): using the embedded broker\n", err)
		return newEmbedded(cfg, dir, proxies[0])
	}
	return b, err
}

func newReal(ctx context.Context, progress io.Writer, dir string, proxies []string) (*broker, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("java is missing: %s", realkafka.JavaHint)
	}
	jars, err := realkafka.Jars(ctx, progress)
	if errors.Is(err, realkafka.ErrNoMaven) {
		return nil, fmt.Errorf("%w: %s", err, realkafka.MavenHint)
	}
	if err != nil {
		return nil, err
	}
	cfg, err := realkafka.New(java, jars, filepath.Join(dir, "kafka"))
	if err != nil {
		return nil, err
	}
	b := &broker{name: "Apache Kafka " + realkafka.Version, address: cfg.Address()}
	if err := b.listeners(&cfg, proxies); err != nil {
		return nil, err
	}
	if err := cfg.Format(ctx); err != nil {
		return nil, err
	}
	b.launch = func(ctx context.Context) (*child.Process, error) {
		p, err := cfg.Start(ctx)
		return p.Process, err
	}
	return b, nil
}

// listeners gives the broker a listener per proxy, advertised at the proxy's address.
func (b *broker) listeners(cfg *realkafka.Config, proxies []string) error {
	listen := []string{"PLAINTEXT://" + cfg.Address(), fmt.Sprintf("CONTROLLER://127.0.0.1:%d", cfg.Controller)}
	advertise := []string{"PLAINTEXT://" + cfg.Address()}
	protocols := []string{"CONTROLLER:PLAINTEXT", "PLAINTEXT:PLAINTEXT"}
	for i, proxy := range proxies {
		port, err := realkafka.FreePort()
		if err != nil {
			return err
		}
		b.ways = append(b.ways, fmt.Sprintf("127.0.0.1:%d", port))
		listen = append(listen, fmt.Sprintf("WAY%d://%s", i, b.ways[i]))
		advertise = append(advertise, fmt.Sprintf("WAY%d://%s", i, proxy))
		protocols = append(protocols, fmt.Sprintf("WAY%d:PLAINTEXT", i))
	}
	cfg.Properties = map[string]string{
		"listeners": strings.Join(listen, ","), "advertised.listeners": strings.Join(advertise, ","),
		"listener.security.protocol.map": strings.Join(protocols, ","),
	}
	return nil
}

// newEmbedded prepares the embedded broker. It has one listener, so all clients go through one proxy.
func newEmbedded(cfg *Config, dir, proxy string) (*broker, error) {
	port, err := realkafka.FreePort()
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	b := &broker{name: "embedded broker (kfake)", address: proxy, ways: []string{listen}}
	b.launch = func(ctx context.Context) (*child.Process, error) {
		args := append(cfg.Program[1:len(cfg.Program):len(cfg.Program)], BrokerCommand, filepath.Join(dir, "kafka"), listen, proxy)
		cmd := exec.Command(cfg.Program[0], args...)
		cmd.Env, cmd.Dir = append(withoutSettings(os.Environ()), cfg.Env...), dir
		p, err := child.Start(b.name, cmd)
		if err != nil {
			return nil, err
		}
		return p, awaitBroker(ctx, listen, p)
	}
	return b, nil
}

// awaitBroker returns when the broker answers, or has ended.
func awaitBroker(ctx context.Context, address string, p *child.Process) error {
	client, closeIdle := realkafka.NewClient(address)
	defer closeIdle()
	for {
		_, err := client.ApiVersions(ctx, new(kafka.ApiVersionsRequest))
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
			return p.Wait()
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err, p.Kill())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
