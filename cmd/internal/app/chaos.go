package app

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/proof/chaos"
)

func newChaosCommand(s *shell) *cobra.Command {
	cfg := chaos.DefaultConfig()
	cmd := &cobra.Command{
		Use:   "chaos",
		Short: "Prove that the figures are exact, whatever is killed meanwhile",
		Long: `Start Apache Kafka, ClickHouse and several processors as processes of their own, send them
ratings, and strike: kill -9 of each part at every step of a flush, zombies, slow, cut and
half-open connections, members that come and go, refused and torn inserts, retention that
overtakes a reader. Then compare everything that is stored with an independent reading of the
log. All is in a folder of its own on free ports of this machine, and removed when it passed.

Prints faults by kind and step, what was sent, what was compared, and the differences. The exit
code is 1 when anything differs, when nothing was compared, or when a kind of fault was never hit.`,
		Example: `  satisflow chaos --for 30m
  satisflow chaos --for 2m --seed 7 --broker embedded --json`,
		Args: arguments(cobra.NoArgs),
	}
	flags := cmd.Flags()
	flags.DurationVar(&cfg.For, "for", cfg.For, "how long to make faults; it goes on until each kind has been hit")
	flags.Uint64Var(&cfg.Seed, "seed", cfg.Seed, "draws the faults and the ratings")
	flags.Float64Var(&cfg.Rate, "rate", cfg.Rate, "live ratings per second")
	flags.IntVar(&cfg.Stored, "stored", cfg.Stored, "ratings of the last 28 days that are sent before")
	flags.StringVar(&cfg.Broker, "broker", cfg.Broker, "kafka, embedded, or auto: Apache Kafka where Java and its jars are there")
	flags.StringVar(&cfg.Dir, "dir", "", "folder for data and logs, empty or new; default is a temporary one")
	flags.BoolVar(&cfg.Keep, "keep", false, "keep the folder though the run passed")
	flags.IntVar(&cfg.Processors, "processors", cfg.Processors, "processors that share the partitions; one more joins and goes")
	asJSON := flags.Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		program, err := self()
		if err != nil {
			return err
		}
		cfg.Program, cfg.Progress = []string{program}, s.stderr
		if err := cfg.Validate(); err != nil {
			return usageError(err)
		}
		return s.chaos(cmd, cfg, *asJSON)
	}
	return cmd
}

func (s *shell) chaos(cmd *cobra.Command, cfg chaos.Config, asJSON bool) error {
	report, err := chaos.Run(cmd.Context(), cfg)
	if report != nil {
		var printErr error
		if asJSON {
			printErr = s.printJSON(report)
		} else {
			_, printErr = io.WriteString(s.stdout, report.String())
		}
		if printErr != nil {
			return printErr
		}
		if err != nil || !report.OK() {
			fmt.Fprintf(s.stderr, "logs and data are in %s; again by: %s chaos --seed %d --for %s --rate %v --stored %d --processors %d --broker %s\n",
				report.Dir, s.program, cfg.Seed, cfg.For, cfg.Rate, cfg.Stored, cfg.Processors, cfg.Broker)
		}
		if err == nil && !report.OK() {
			return errDiffers
		}
	}
	return err
}

// newChaosBrokerCommand is the broker of chaos --broker embedded.
func newChaosBrokerCommand(*shell) *cobra.Command {
	return &cobra.Command{
		Use:    chaos.BrokerCommand + " DIR LISTEN ADVERTISE",
		Hidden: true,
		Short:  "Run the embedded broker, as a child process of chaos",
		Long:   "Run the embedded broker with its data in DIR. satisflow chaos starts this as its child.",
		Args:   arguments(cobra.ExactArgs(3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return chaos.ServeBroker(cmd.Context(), args[0], args[1], args[2])
		},
	}
}
