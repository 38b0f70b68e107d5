package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
	"satisflow/cmd/internal/gateway/api"
	"satisflow/sinks/clickhouse"
)

// devStopTime bounds what dev takes to end its embedded parts, after processor and gateway have drained.
const devStopTime = 2500 * time.Millisecond

// devPresets suit one person at one terminal.
var devPresets = []config.Setting{
	{Key: "log.level", Text: "warn", From: "command dev"},
	{Key: "kafka.group.leave_timeout", Text: "1s", From: "command dev"},
}

// devOptions are the flags of dev that are no keys of the configuration.
type devOptions struct {
	dir            string
	kafkaPort      int
	clickhousePort int
	demo           bool
	demoPace       float64
	watch          watchOptions
}

func newDevCommand(s *shell) *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Start everything on this machine: Kafka, ClickHouse, processor and gateway",
		Long: `Start the whole system in one command, for development: an embedded Kafka broker, an embedded
ClickHouse engine, the processor and the gateway, with topics and schema. The first start
fetches the ClickHouse engine (178 MB, by npm) into your cache folder.

Everything listens on loopback only, and there is no sign-in. Ctrl-C ends everything. The data
stays in --dir, and the next start goes on where this one ended, however it ended.

Where Prometheus and Alertmanager are installed they are started too, with the alert rules of
this configuration and the routes of deploy/alertmanager; nothing is sent to anybody.

The embedded broker and engine are for development only. With --kafka or --clickhouse (or
kafka.brokers and clickhouse.dsn, however they are set) your own servers take their place.`,
		Example: `  satisflow dev
  satisflow dev --demo --demo-pace 60
  satisflow dev --time-scale 60
  satisflow dev --services any --dir /tmp/ratings
  satisflow dev --kafka localhost:9092 --clickhouse http://localhost:8123/satisflow`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.dev(cmd, o) },
	}
	withConfig(cmd)
	shorthand(cmd, "listen", "gateway.listen", "address of API, metrics and health, on loopback (default 127.0.0.1:8080)")
	shorthand(cmd, "base-path", "gateway.base_path", "path under which a proxy shows the gateway, such as /satisflow")
	shorthand(cmd, "services", "event.services", "known services; any accepts all")
	shorthand(cmd, "kafka", "kafka.brokers", "your own Kafka, host:port, in place of the embedded one")
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "your own ClickHouse, in place of the embedded one")
	cmd.Flags().StringVar(&o.dir, "dir", ".satisflow", "folder of the data")
	cmd.Flags().IntVar(&o.kafkaPort, "kafka-port", 9092, "port of the embedded Kafka; 0 picks a free one")
	cmd.Flags().IntVar(&o.clickhousePort, "clickhouse-port", 8123, "port of the embedded ClickHouse; 0 picks a free one")
	cmd.Flags().BoolVar(&o.demo, "demo", false, "send 28 days of a firm with 300 customers, once, then live ratings at their own pace")
	cmd.Flags().Float64Var(&o.demoPace, "demo-pace", 1, "how many times as fast the live ratings of --demo come")
	o.watch.add(cmd)
	return cmd
}

// dev acquires all parts, each teardown beside it, and runs them until one fails or the context ends.
func (s *shell) dev(cmd *cobra.Command, o devOptions) (err error) {
	begin := time.Now()
	loaded, err := s.load(cmd, devPresets...)
	if err != nil {
		return err
	}
	ctx, cfg, log := cmd.Context(), &loaded.Config, s.logger(loaded.Config.Log)
	if err := devstack.RequireLoopback(cfg.Gateway.Listen, "--listen"); err != nil {
		return usageError(err)
	}
	if err := o.wantDemo(&loaded); err != nil {
		return usageError(err)
	}
	if o.demo && !loaded.IsSet("alerts.weights") {
		cfg.Alerts.Weights = demoWeights
	}
	var down teardown
	defer func() { err = errors.Join(err, down.end(devStopTime)) }()

	dir, err := devstack.OpenDir(o.dir)
	if err != nil {
		return err
	}
	down.add(func(context.Context) error { return dir.Close() })
	listener, err := devstack.Listen(ctx, cfg.Gateway.Listen, "--listen")
	if err != nil {
		return err
	}
	down.add(closeListener(listener))
	where := places{gateway: "http://" + listener.Addr().String(), base: cfg.Gateway.BasePath, data: dir.Path()}
	o.watch.changed = cmd.Flags().Changed
	watchers, err := s.watchers(ctx, &loaded.Config, o.watch, dir, listener.Addr().String(), &where, &down, log)
	if err != nil {
		return err
	}
	if where.alertmanager != "" && !loaded.IsSet("alertmanager.urls") {
		cfg.Alertmanager.URLs = []string{where.alertmanager}
	}
	if where.prometheus != "" && !loaded.IsSet("prometheus.url") {
		cfg.Prometheus.URL = where.prometheus
	}
	if o.watch.on {
		scaleAlerts(&loaded, o.watch.timeScale)
	}
	if !loaded.IsSet("alerts.link") {
		cfg.Alerts.Link = where.gateway + where.base
	}
	parts, err := s.embed(ctx, &loaded, o, dir, &where, &down, log)
	if err != nil {
		return err
	}
	if where.connect, err = writeConnection(dir, &loaded, where); err != nil {
		return err
	}
	migrate := true
	r, on := role{processor: true, gateway: true, migrate: &migrate}, newGround()
	if err := on.prepare(ctx, r, cfg, impatient(log), &down); err != nil {
		return err
	}
	c, err := composeRole(r, cfg, on, &down, log)
	if err != nil {
		return err
	}
	parts = append(append(append(parts, c.parts...), httpPart("gateway", listener, cfg.Gateway.Server(c.handler))), watchers...)
	if o.demo {
		demo, err := newDemo(cfg, dir, o.demoPace, &down, log)
		if err != nil {
			return err
		}
		parts = append(parts, demo)
	}
	return supervise(ctx, append(parts, s.announcement(where, c.checks, begin))...)
}

// embed starts the embedded parts that no server of the user's takes the place of, and points the configuration to them.
func (s *shell) embed(ctx context.Context, loaded *config.Loaded, o devOptions, dir *devstack.Dir, where *places, down *teardown, log zerolog.Logger) (parts []part, err error) {
	cfg := &loaded.Config
	parts = append(parts, part{name: "data folder", run: dir.WatchSpace})
	where.kafkaEmbedded, where.clickhouseEmbedded = !loaded.IsSet("kafka.brokers"), !loaded.IsSet("clickhouse.dsn")
	if where.kafkaEmbedded {
		kafka, err := devstack.StartKafka(ctx, dir, o.kafkaPort, log)
		if err != nil {
			return nil, err
		}
		down.add(func(context.Context) error { kafka.Close(); return nil })
		cfg.Kafka.Brokers = []string{kafka.Address()}
		parts = append(parts, part{name: "embedded Kafka", run: kafka.Run})
	}
	if where.clickhouseEmbedded {
		program, err := self()
		if err != nil {
			return nil, err
		}
		engine, err := devstack.StartClickHouse(ctx, dir, devstack.ClickHouseConfig{
			Port: o.clickhousePort, Command: []string{program, engineCommand}, Progress: s.stderr,
		})
		if err != nil {
			return nil, err
		}
		down.add(engine.Stop)
		cfg.ClickHouse.DSN = engine.DSN("satisflow")
		cfg.ClickHouse.Username, cfg.ClickHouse.Password, cfg.ClickHouse.PasswordFile, cfg.ClickHouse.Cluster = "", "", "", ""
		parts = append(parts, part{name: "embedded ClickHouse", run: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return nil
			case <-engine.Done():
				return engine.Wait()
			}
		}})
	}
	where.kafka = cfg.Kafka
	where.clickhouse = clickhouse.Redacted(cfg.ClickHouse.DSN)
	return parts, nil
}

// writeConnection writes a configuration file, for this user alone, with which other commands reach what dev reaches, and
// returns its path. What dev starts itself takes the place of what was configured for it.
func writeConnection(dir *devstack.Dir, loaded *config.Loaded, where places) (string, error) {
	settings := slices.DeleteFunc(loaded.Given(), func(s config.Setting) bool {
		return s.From == devPresets[0].From || where.clickhouseEmbedded && strings.HasPrefix(s.Key, "clickhouse.") && slices.Contains(ownClickHouse, strings.TrimPrefix(s.Key, "clickhouse."))
	})
	add := func(key, text string) { settings = append(settings, config.Setting{Key: key, Text: text}) }
	add("gateway.listen", strings.TrimPrefix(where.gateway, "http://"))
	add("alerts.link", loaded.Config.Alerts.Link)
	if urls := loaded.Config.Alertmanager.URLs; len(urls) > 0 {
		add("alertmanager.urls", strings.Join(urls, ","))
	}
	if url := loaded.Config.Prometheus.URL; url != "" {
		add("prometheus.url", url)
	}
	if where.kafkaEmbedded {
		add("kafka.brokers", where.kafka.Brokers[0])
	}
	if where.clickhouseEmbedded {
		add("clickhouse.dsn", where.clickhouse)
		add("clickhouse.password_file", dir.Path("token"))
	}
	return dir.Write("connect.yaml", config.File("How to reach this stack, written by satisflow dev at each start. Take it by --config.", settings...))
}

// ownClickHouse are the keys below clickhouse that mean nothing to the embedded one.
var ownClickHouse = []string{"dsn", "dsn_file", "username", "password", "password_file", "cluster"}

// announcement waits until every part works that must, and tells the user where it is.
func (s *shell) announcement(where places, checks []api.Check, begin time.Time) part {
	return part{name: "announcement", run: func(ctx context.Context) error {
		for !allPass(ctx, checks) {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(50 * time.Millisecond):
			}
		}
		where.print(s, time.Since(begin))
		<-ctx.Done()
		return nil
	}}
}

// allPass says whether all parts work that must.
func allPass(ctx context.Context, checks []api.Check) bool {
	return !slices.ContainsFunc(checks, func(c api.Check) bool { return !c.Optional && c.Check(ctx) != nil })
}
