package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/operate/verification"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
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
An outage of Kafka or ClickHouse is waited out, at the start too: /healthz answers from the
first moment, and /readyz says what is missing.`,
		Example: `  satisflow processor --brokers kafka:9092 --clickhouse clickhouse://clickhouse:9000/satisflow
  satisflow processor --config satisflow.yaml --partitions 0-3`,
		Args: arguments(cobra.NoArgs),
	}
	migrate := roleFlags(cmd)
	shorthand(cmd, "partitions", "processor.partitions", "own these partitions without a consumer group, such as 0-3")
	shorthand(cmd, "listen", "processor.listen", "address of metrics and health")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.runRole(cmd, role{name: "processor", processor: true, migrate: migrate, listen: func(c *config.Config) string { return c.Processor.Listen }})
	}
	return cmd
}

func newGatewayCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Serve the API: take ratings over HTTP, answer with figures",
		Long: `Serve the HTTP API on gateway.listen: ratings go to Kafka, figures come from ClickHouse.
/openapi.json says what there is; /metrics, /healthz and /readyz are there too. While Kafka
or ClickHouse is not there yet, the API answers 503 and says what it waits for.

The gateway raises the alerts on customers, services and segments, and keeps the work on
them. One gateway does; a second one ends with an error, unless --read-only is said.

There is no sign-in: let only those reach it who may, or put a proxy in front.`,
		Example: `  satisflow gateway --brokers kafka:9092 --clickhouse clickhouse://clickhouse:9000/satisflow
  satisflow gateway --config satisflow.yaml --listen 0.0.0.0:8080 --gateway.hosts ratings.example.com`,
		Args: arguments(cobra.NoArgs),
	}
	migrate := roleFlags(cmd)
	shorthand(cmd, "listen", "gateway.listen", "address of API, metrics and health")
	shorthand(cmd, "base-path", "gateway.base_path", "path under which a proxy shows the gateway, such as /satisflow")
	shorthand(cmd, "read-only", "gateway.read_only", "raise no alerts and take no work on them: for every gateway but one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.runRole(cmd, role{name: "gateway", gateway: true, migrate: migrate, listen: func(c *config.Config) string { return c.Gateway.Listen }})
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
	shorthand(cmd, "base-path", "gateway.base_path", "path under which a proxy shows the gateway, such as /satisflow")
	shorthand(cmd, "read-only", "gateway.read_only", "raise no alerts and take no work on them: for every gateway but one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.runRole(cmd, role{name: "gateway", processor: true, gateway: true, migrate: migrate, listen: func(c *config.Config) string { return c.Gateway.Listen }})
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
	name               string
	processor, gateway bool
	migrate            *bool
	listen             func(*config.Config) string
}

// runRole answers HTTP from its first moment, waits for what the role needs, and runs its parts until one fails or the
// context ends.
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
	on := newGround()
	start := newStarting(r, cfg, on, log)
	return supervise(ctx, httpPart("HTTP", listener, start.server), part{name: "", run: func(ctx context.Context) error {
		w := waiter{told: start.told, log: log.With().Stringer("address", listener.Addr()).Logger()}
		if err := on.prepare(ctx, r, cfg, w, &down); err != nil {
			return err
		}
		c, err := composeRole(r, cfg, on, &down, log)
		if err != nil {
			return err
		}
		start.set(c.handler)
		log.Info().Stringer("address", listener.Addr()).Msg("serving")
		return supervise(ctx, c.parts...)
	}})
}

// ground is what the parts of a role stand on.
type ground struct {
	reg    *prometheus.Registry
	health *metrics.Health
	conn   driver.Conn
	epoch  clickhouse.Epoch
}

// newGround returns a ground that is to be prepared.
func newGround() *ground {
	reg := newRegistry()
	return &ground{reg: reg, health: metrics.NewHealth(reg)}
}

// prepare waits for Kafka and ClickHouse, brings topics and schema up to date where it is to, and finds the epoch.
func (on *ground) prepare(ctx context.Context, r role, cfg *config.Config, w waiter, down *teardown) error {
	var topic ratingsTopic
	group, reaching := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		topic, err = lookUpTopic(reaching, cfg.Kafka, *r.migrate, w)
		return err
	})
	group.Go(func() (err error) {
		on.conn, err = openStore(reaching, cfg.ClickHouse, w)
		return err
	})
	err := group.Wait()
	if on.conn != nil {
		down.add(func(context.Context) error { return on.conn.Close() })
	}
	if err != nil {
		return err
	}
	return w.await(ctx, clickhouseNeed, func(ctx context.Context) (err error) {
		on.epoch, err = prepareStore(ctx, on.conn, cfg, topic, *r.migrate, time.Now())
		return err
	})
}

// composed is a role that is ready to run.
type composed struct {
	parts   []part
	checks  []api.Check // of whether the parts work
	handler http.Handler
}

// composeRole makes the parts of a role, but for the one that serves HTTP.
func composeRole(r role, cfg *config.Config, on *ground, down *teardown, log zerolog.Logger) (c composed, err error) {
	kafka, err := source.NewClient(cfg.Kafka.Config)
	if err != nil {
		return c, usageError(fmt.Errorf("kafka: %w", err))
	}
	down.add(func(context.Context) error { kafka.Close(); return nil })
	c.checks = []api.Check{{Name: "kafka", Check: kafka.Ping}, {Name: "clickhouse", Check: ping(on.conn)}}
	c.parts = append(c.parts, healthPart(on.health, c.checks), epochPart(metrics.NewCurrentEpoch(on.reg), on.conn, log))
	if r.processor {
		p, err := newProcessing(cfg, kafka, on.conn, on.epoch, on.reg, log)
		if err != nil {
			return c, err
		}
		down.add(p.Close)
		c.checks = append(c.checks, api.Check{Name: "processor", Check: p.assigned}, api.Check{Name: "consumption", Check: p.consuming},
			api.Check{Name: "lag", Check: p.keepsUp, Optional: true})
		verify := verification.New(cfg.Verify, verification.Parts{
			Conn: on.conn, Epoch: on.epoch.Number, Owns: p.ownsFirst, Metrics: metrics.NewVerifyMetrics(metrics.InEpoch(on.reg, on.epoch.Number)), Now: time.Now, Log: log,
		})
		c.parts = append(c.parts, part{name: "processor", run: p.Run}, part{name: "verify", run: verify.Run})
		if cfg.Processor.Epoch == 0 {
			c.parts = append(c.parts, retiredPart(on.conn, on.epoch.Number))
		}
	}
	if !r.gateway {
		c.handler = probes(on.reg, api.Asker(c.checks, time.Now), operators, log)
		return c, nil
	}
	alerts, err := newAlerts(cfg, on, down, log)
	if err != nil {
		return c, err
	}
	c.parts, c.checks = append(c.parts, alerts.parts...), append(c.checks, alerts.checks...)
	erasing, closeErasing, err := newErasing(cfg, on.conn, alerts, on.reg, log)
	if err != nil {
		return c, err
	}
	down.add(closeErasing)
	g, err := newServing(cfg, on.conn, erasing, alerts, c.checks, on.reg, log)
	if err != nil {
		return c, err
	}
	down.add(g.Close)
	c.parts, c.handler = append(c.parts, part{name: "erasures", run: erasing.Run}), g.handler
	return c, nil
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
