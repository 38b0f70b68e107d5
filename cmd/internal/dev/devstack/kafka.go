package devstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Kafka is the embedded broker.
type Kafka struct {
	cluster *kfake.Cluster
	address string
	dir     *Dir
	failure <-chan error
}

// StartKafka serves the broker on 127.0.0.1 with its data in dir. Port 0 picks a free one.
func StartKafka(ctx context.Context, dir *Dir, port int, log zerolog.Logger) (*Kafka, error) {
	listener, err := Listen(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "--kafka-port")
	if err != nil {
		return nil, fmt.Errorf("start the embedded Kafka: %w", err)
	}
	failure := make(chan error, 1)
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ClusterID("satisflow-dev"),
		kfake.DataDir(dir.Path("kafka")),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return listener, nil }),
		kfake.WithLogger(kafkaLog{log, failure}),
		// Not the broker's default of a week: what is in the folder stays, and imported ratings are older.
		kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1"}),
	)
	if err != nil {
		err = errors.Join(Explain(err, dir.path), listener.Close())
		return nil, fmt.Errorf("start the embedded Kafka with the data in %s: %w", dir.Path("kafka"), err)
	}
	return &Kafka{cluster: cluster, address: listener.Addr().String(), dir: dir, failure: failure}, nil
}

// Address is where the broker listens, host:port.
func (k *Kafka) Address() string { return k.address }

// Run returns when ctx ends (nil) or the broker could not store what it acknowledged.
func (k *Kafka) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-k.failure:
		return fmt.Errorf("store records: what was acknowledged last may be lost: %w", Explain(err, k.dir.path))
	}
}

// Close ends the broker and writes what it holds in memory to the disk.
func (k *Kafka) Close() { k.cluster.Close() }

// kafkaLog passes on what the broker has to say from warnings on; its information is about every connection. A failure to
// store is only a warning to the broker, which acknowledges all the same; here it is the end.
type kafkaLog struct {
	log     zerolog.Logger
	failure chan<- error
}

// Logf is called by the broker.
func (l kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn || level == kfake.LogLevelNone {
		return
	}
	l.log.Warn().Msgf("embedded kafka: "+format, args...)
	if !strings.HasPrefix(format, "persist") {
		return
	}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			select {
			case l.failure <- err:
			default: // the first one is the reason
			}
		}
	}
}
