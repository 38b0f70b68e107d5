package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
	"satisflow/cmd/internal/proof/bench"
	"satisflow/sinks/clickhouse/engine/child"
)

// brokerCommand is the name of the command that bench starts as a child, so that the broker's CPU is not counted.
const brokerCommand = "kafka"

func newBenchCommand(s *shell) *cobra.Command {
	return group(&cobra.Command{
		Use:     "bench",
		Short:   "Measure how fast satisflow is on this machine",
		Long:    "Measure how fast satisflow is on this machine, against servers of its own.",
		Example: "  satisflow bench pipeline",
	}, newBenchPipelineCommand(s), newBenchLatencyCommand(s))
}

func newBenchPipelineCommand(s *shell) *cobra.Command {
	o := bench.Options{Partitions: 4}
	cmd := &cobra.Command{
		Use:   "pipeline",
		Short: "Measure throughput and CPU per million ratings, whole and by parts",
		Long: `Measure the way of ratings from Kafka into ClickHouse on this machine: how many a second, and how
many CPU seconds a million cost, in the processor and in the engine (merges included). Then each
part alone: fetch, decode, fold, encode, insert.

Broker and engine are embedded ones in processes of their own, with their data in a temporary
folder that is removed. The broker's CPU is not counted. Close other programs first; compare
figures of one run rather than of two.`,
		Example: `  satisflow bench pipeline
  satisflow bench pipeline --records 2000000 --per-day 20000 --json`,
		Args: arguments(cobra.NoArgs),
	}
	cmd.Flags().IntVar(&o.Records, "records", 500_000, "ratings in all")
	cmd.Flags().IntVar(&o.PerDay, "per-day", 1_000_000, "ratings a day of event time; with fewer, each costs more window rows")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "seed of the ratings")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if most := 30 * o.PerDay; o.Records < 10_000 || o.Records > most {
			return usageError(fmt.Errorf("--records %d: want 10000 to %d: 30 days of --per-day", o.Records, most))
		}
		return s.benchPipeline(cmd.Context(), o, *asJSON)
	}
	return cmd
}

func (s *shell) benchPipeline(ctx context.Context, o bench.Options, asJSON bool) (err error) {
	var down teardown
	defer func() { err = errors.Join(err, down.end(10*time.Second)) }()
	path, err := os.MkdirTemp("", "satisflow-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	down.add(func(context.Context) error { return os.RemoveAll(path) })
	dir, err := devstack.OpenDir(path)
	if err != nil {
		return err
	}
	down.add(func(context.Context) error { return dir.Close() })
	if o.Brokers, err = s.startBroker(path, &down); err != nil {
		return err
	}
	program, err := self()
	if err != nil {
		return err
	}
	engine, err := devstack.StartClickHouse(ctx, dir, devstack.ClickHouseConfig{Command: []string{program, engineCommand}, Progress: s.stderr})
	if err != nil {
		return err
	}
	down.add(engine.Stop)
	o.EngineCPU = bench.ProcessCPU(engine.PID())
	cfg := config.Default()
	cfg.ClickHouse.DSN = engine.DSN("bench")
	log := s.logger(config.Log{Level: "warn", Format: "auto"})
	if o.Conn, err = openStore(ctx, cfg.ClickHouse, impatient(log)); err != nil {
		return err
	}
	down.add(func(context.Context) error { return o.Conn.Close() })
	epoch, err := prepareStore(ctx, o.Conn, &cfg, ratingsTopic{partitions: o.Partitions}, true, s.now())
	if err != nil {
		return err
	}
	o.Definition, o.Now, o.Log, o.Progress = &epoch.Definition, s.now(), log, s.stderr
	report, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	return s.printBench(report, asJSON)
}

// startBroker starts this program as the embedded broker and returns its address.
func (s *shell) startBroker(path string, down *teardown) ([]string, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, brokerCommand, "--dir", path+"/broker")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	broker, err := child.Start("the embedded broker", cmd)
	if err != nil {
		return nil, err
	}
	down.add(func(ctx context.Context) error { return broker.Stop(ctx, stdin.Close) })
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the broker: %w", err), broker.Kill(), broker.Wait())
	}
	return []string{strings.TrimSpace(address)}, nil
}

// newBrokerCommand runs the embedded broker until its standard input ends.
func newBrokerCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:    brokerCommand,
		Hidden: true,
		Short:  "Run the embedded Kafka broker, as a child process of bench and chaos",
		Long:   "Run the embedded Kafka broker until standard input ends. For development only.",
		Args:   arguments(cobra.NoArgs),
	}
	path := cmd.Flags().String("dir", "", "folder of the data")
	port := cmd.Flags().Int("port", 0, "port on 127.0.0.1; 0 picks a free one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		dir, err := devstack.OpenDir(*path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, dir.Close()) }()
		kafka, err := devstack.StartKafka(cmd.Context(), dir, *port, s.logger(config.Log{Level: "warn", Format: "json"}))
		if err != nil {
			return err
		}
		defer kafka.Close()
		fmt.Fprintln(s.stdout, kafka.Address())
		_, err = io.Copy(io.Discard, s.stdin)
		return err
	}
	return cmd
}

func (s *shell) printBench(r *bench.Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(s.stdout).Encode(r)
	}
	fmt.Fprintf(s.stdout, "%d ratings of %.0f bytes in %.1f s: %s\n", r.Records, r.Bytes, r.Seconds, s.bold(fmt.Sprintf("%.0f ratings/s", r.PerSecond)))
	fmt.Fprintf(s.stdout, "CPU seconds per million ratings: processor %.2f, engine %.2f (merges included), together %.2f\n", r.CPU, r.EngineCPU, r.CPU+r.EngineCPU)
	fmt.Fprintf(s.stdout, "%.2f rows written and %.1f allocations per rating; peak memory %d MB (the generated ratings included)\n\n", r.RowsPerRating, r.Allocations, r.PeakMemory>>20)
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PART\tCPU s/M\tWHAT")
	for _, p := range r.Parts {
		fmt.Fprintf(w, "%s\t%.2f\t%s\n", p.Name, p.CPU, p.What)
	}
	return w.Flush()
}
