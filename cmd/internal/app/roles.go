package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/api"
	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/devstack"
	"satisflow/cmd/internal/verification"
	"satisflow/pipeline/source"
	metrics "satisflow/sinks/prometheus"
)

// stopTime bounds the end of a role, once it was asked to: the last flush, then all else.
const stopTime = 10 * time.Second

func newProcessorCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "processor",
		Short: "Read ratings from Kafka and keep the windows in ClickHouse",
		Long: `Join the consumer group and own a share of the partitions: read ratings, fold them into
exact windows, write these to ClickHouse and show them to Prometheus (/metrics, /healthz and
/readyz on processor.listen). Several processors share the partitions; one that is killed is
replaced by the others within 10 seconds, and nothing is counted twice.

With --partitions it owns these without a group, and is back in less than 5 seconds.
An outage of Kafka or ClickHouse is waited out.`,
		Example: `  satisflow processor --brokers kafka:9092 --clickhouse clickhouse://clickhouse:9000/satisflow
  satisflow processor --config satisflow.yaml --partitions 0-3`,
		Args: arguments(cobra.NoArgs),
	}
	migrate := roleFlags(cmd)
	shorthand(cmd, "partitions", "processor.partitions", "own these partitions without a consumer group, such as 0-3")
	shorthand(cmd, "listen", "processor.listen", "address of metrics and health")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.runRole(cmd, role{processor: true, migrate: migrate, listen: func(c *config.Config) string { return c.Processor.Listen }})
	}
	return cmd
}

func newGatewayCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Serve the API: take ratings over HTTP, answer with figures",
		Long: `Serve the HTTP API on gateway.listen: ratings go to Kafka, figures come from ClickHouse.
/openapi.json says what there is; /metrics, /healthz and /readyz are there too.

There is no sign-in: let only those reach it who may, or put a proxy in front.`,
		Example: `  satisflow gateway --brokers kafka:9092 --clickhouse clickhouse://clickhouse:9000/satisflow
  satisflow gateway --config satisflow.yaml --listen 0.0.0.0:8080 --gateway.hosts ratings.example.com`,
		Args: arguments(cobra.NoArgs),
	}
	migrate := roleFlags(cmd)
	shorthand(cmd, "listen", "gateway.listen", "address of API, metrics and health")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.runRole(cmd, role{gateway: true, migrate: migrate, listen: func(c *config.Config) string { return c.Gateway.Listen }})
	}
	return cmd
}

func newServeCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run processor and gateway in one process, for a small production",
		Long: `Run the processor and the gateway in one process: all that satisflow needs beside Kafka and
ClickHouse. See satisflow processor --help and satisflow gateway --help.`,
		Example: `  satisflow serve --brokers kafka:9092 --clickhouse clickhouse://clickhouse:9000/satisflow --migrate`,
		Args:    arguments(cobra.NoArgs),
	}
	migrate := roleFlags(cmd)
	shorthand(cmd, "listen", "gateway.listen", "address of API, metrics and health")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.runRole(cmd, role{processor: true, gateway: true, migrate: migrate, listen: func(c *config.Config) string { return c.Gateway.Listen }})
	}
	return cmd
}

// roleFlags are those that all roles have; the result says whether to migrate.
func roleFlags(cmd *cobra.Command) *bool {
	withConfig(cmd)
	shorthand(cmd, "brokers", "kafka.brokers", "bootstrap addresses of Kafka, host:port")
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	return cmd.Flags().Bool("migrate", false, "bring the schema up to date and make topics that are missing, first")
}

// role is which parts a process runs.
type role struct {
	processor, gateway bool
	migrate            *bool
	listen             func(*config.Config) string
}

// runRole acquires what the role needs, each teardown beside it, and runs its parts until one fails or the context ends.
func (s *shell) runRole(cmd *cobra.Command, r role) (err error) {
	loaded, err := s.load(cmd)
	if err != nil {
		return err
	}
	ctx, cfg, log := cmd.Context(), &loaded.Config, s.logger(loaded.Config.Log)
	var down teardown
	defer func() { err = errors.Join(err, down.end(stopTime)) }()

	listener, err := devstack.Listen(ctx, r.listen(cfg), "--listen")
	if err != nil {
		return err
	}
	down.add(closeListener(listener))
	partitions, err := topicPartitions(ctx, cfg.Kafka, *r.migrate, log)
	if err != nil {
		return err
	}
	conn, err := openStore(ctx, cfg.ClickHouse, log)
	if err != nil {
		return err
	}
	down.add(func(context.Context) error { return conn.Close() })
	parts, _, err := composeRole(ctx, r, cfg, conn, partitions, listener, &down, log)
	if err != nil {
		return err
	}
	log.Info().Stringer("address", listener.Addr()).Msg("serving")
	return supervise(ctx, parts...)
}

// composeRole makes the parts of a role over open connections, and the checks of whether they work.
func composeRole(ctx context.Context, r role, cfg *config.Config, conn driver.Conn, partitions int, listener net.Listener, down *teardown, log zerolog.Logger) (parts []part, checks []api.Check, err error) {
	epoch, err := prepareStore(ctx, conn, cfg, partitions, *r.migrate, time.Now())
	if err != nil {
		return nil, nil, err
	}
	kafka, err := source.NewClient(cfg.Kafka.Config)
	if err != nil {
		return nil, nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	down.add(func(context.Context) error { kafka.Close(); return nil })
	reg := newRegistry()
	checks = []api.Check{{Name: "kafka", Check: kafka.Ping}, {Name: "clickhouse", Check: ping(conn)}}
	parts = append(parts, healthPart(metrics.NewHealth(reg), checks))
	if r.processor {
		p, err := newProcessing(cfg, conn, epoch, reg, log)
		if err != nil {
			return nil, nil, err
		}
		down.add(p.Close)
		checks = append(checks, api.Check{Name: "processor", Check: p.assigned})
		verify := verification.New(cfg.Verify, verification.Parts{
			Conn: conn, Epoch: epoch.Number, Owns: p.ownsFirst, Metrics: metrics.NewVerifyMetrics(reg), Now: time.Now, Log: log,
		})
		parts = append(parts, part{"processor", p.Run}, part{"verify", verify.Run})
	}
	if !r.gateway {
		return append(parts, httpPart("metrics", listener, probes(reg, checks))), checks, nil
	}
	erasing, closeErasing, err := newErasing(cfg, conn, reg, log)
	if err != nil {
		return nil, nil, err
	}
	down.add(closeErasing)
	g, err := newServing(cfg, conn, erasing, checks, reg, log)
	if err != nil {
		return nil, nil, err
	}
	down.add(g.Close)
	return append(parts, part{"erasures", erasing.Run}, httpPart("gateway", listener, g.server)), checks, nil
}

// closeListener closes a listener that may have been served, and closed, already.
func closeListener(listener net.Listener) func(context.Context) error {
	return func(context.Context) error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
