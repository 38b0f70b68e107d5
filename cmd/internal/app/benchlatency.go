package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/proof/bench"
	"satisflow/sinks/clickhouse/engine/child"
)

func newBenchLatencyCommand(s *shell) *cobra.Command {
	var o bench.LatencyOptions
	cmd := &cobra.Command{
		Use:   "latency",
		Short: "Measure the time from a rating's acceptance until it is seen",
		Long: `Send ratings to the API, one a request, and watch from outside when they are in ClickHouse and in
the gauges of /metrics: the time from the gateway's answer, in seconds. Broker, engine, processor
and gateway are a satisflow dev of its own, with its data in a temporary folder that is removed.`,
		Example: `  satisflow bench latency
  satisflow bench latency --rate 200 --for 10s --json`,
		Args: arguments(cobra.NoArgs),
	}
	cmd.Flags().IntVar(&o.Rate, "rate", 1000, "ratings a second")
	cmd.Flags().DurationVar(&o.For, "for", time.Minute, "how long they are sent")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.Rate < 1 || o.Rate > 20_000 || o.For < time.Second || o.For > time.Hour {
			return usageError(fmt.Errorf("--rate %d --for %s: want 1 to 20000 a second, for 1s to 1h", o.Rate, o.For))
		}
		return s.benchLatency(cmd.Context(), o, *asJSON)
	}
	return cmd
}

func (s *shell) benchLatency(ctx context.Context, o bench.LatencyOptions, asJSON bool) (err error) {
	var down teardown
	defer func() { err = errors.Join(err, down.end(10*time.Second)) }()
	dir, err := os.MkdirTemp("", "satisflow-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	down.add(func(context.Context) error { return os.RemoveAll(dir) })
	loaded, err := s.startDev(ctx, dir, &down)
	if err != nil {
		return err
	}
	log := s.logger(config.Log{Level: "warn", Format: "auto"})
	if o.Conn, err = openStore(ctx, loaded.Config.ClickHouse, impatient(log)); err != nil {
		return err
	}
	down.add(func(context.Context) error { return o.Conn.Close() })
	o.URL = "http://" + loaded.Config.Gateway.Listen
	fmt.Fprintf(s.stderr, "sending %d ratings a second for %s\n", o.Rate, o.For)
	latency, err := bench.MeasureLatency(ctx, o)
	if err != nil {
		return err
	}
	return s.printLatency(latency, asJSON)
}

// startDev starts this program as a satisflow dev with its data in dir, waits until it is ready, and returns the
// configuration that reaches it.
func (s *shell) startDev(ctx context.Context, dir string, down *teardown) (config.Loaded, error) {
	program, err := self()
	if err != nil {
		return config.Loaded{}, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, "dev", "--dir", dir, "--listen", "127.0.0.1:0", "--kafka-port", "0", "--clickhouse-port", "0", "--watch=false",
		"--gateway.client_rate", "50000", "--gateway.total_rate", "50000", "--gateway.client_burst", "50000", "--gateway.total_burst", "50000")
	ready, err := cmd.StdoutPipe()
	if err != nil {
		return config.Loaded{}, fmt.Errorf("start satisflow dev: %w", err)
	}
	dev, err := child.Start("satisflow dev", cmd)
	if err != nil {
		return config.Loaded{}, err
	}
	down.add(func(ctx context.Context) error {
		return dev.Stop(ctx, func() error { return dev.Signal(os.Interrupt) })
	})
	if _, err := ready.Read(make([]byte, 1)); err != nil { // it says nothing before it is ready
		return config.Loaded{}, errors.Join(fmt.Errorf("start satisflow dev: %w", err), dev.Kill(), dev.Wait())
	}
	return config.Load(config.Sources{File: filepath.Join(dir, "connect.yaml")})
}

func (s *shell) printLatency(l *bench.Latency, asJSON bool) error {
	if asJSON {
		return s.printJSON(l)
	}
	fmt.Fprintf(s.stdout, "%d ratings, %.0f/s, all accepted and seen\n\n", l.Sent, l.PerSecond)
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SECONDS\tMEDIAN\tP99\tMAX")
	for _, row := range []struct {
		what string
		q    bench.Quantiles
	}{{"request to answer", l.Answer}, {"answer to ClickHouse", l.ClickHouse}, {"answer to gauges", l.Gauges}} {
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\n", row.what, row.q.Median, row.q.P99, row.q.Max)
	}
	return w.Flush()
}
