package app

import (
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"satisflow/sinks/clickhouse/engine"
)

// engineCommand is the name of the command that dev starts as a child.
const engineCommand = "clickhouse"

func newClickHouseCommand(s *shell) *cobra.Command {
	return &cobra.Command{
		Use:    engineCommand,
		Hidden: true,
		Short:  "Run the embedded ClickHouse engine, as a child process of dev",
		Long: `Run the embedded ClickHouse engine. satisflow dev starts this as its child and sends the
configuration on standard input; it ends with its parent. For development only.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return engine.Child(cmd.Context(), s.stdin, s.stdout, zerolog.New(s.stderr).Level(zerolog.WarnLevel).With().Timestamp().Logger())
		},
	}
}
