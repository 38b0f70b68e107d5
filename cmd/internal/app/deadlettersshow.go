package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/operate/deadletters"
	"satisflow/sinks/clickhouse"
)

func newDeadLettersShowCommand(s *shell) *cobra.Command {
	var flags letterFlags
	cmd := &cobra.Command{
		Use:   "show PARTITION:OFFSET",
		Short: "Show a rejected record and what was wrong with it",
		Long: `Show a rejected record whole: why it was rejected, where it came from, its headers, and what it
holds: indented if it is JSON, else with its bytes escaped.

What may be personal is masked: key, customer, comment, answers, unknown fields and headers, and
any value that does not look like a name, a number or a time. --reveal shows it.`,
		Example: `  satisflow dead-letters show 3:1205
  satisflow dead-letters show 3:1205 --reveal --json`,
		Args: arguments(cobra.ExactArgs(1)),
	}
	withConfig(cmd)
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	flags.addEpoch(cmd)
	reveal := cmd.Flags().Bool("reveal", false, "show what may be personal")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		at, err := parsePosition(args[0])
		if err != nil {
			return usageError(err)
		}
		return s.withLetters(cmd, flags.epoch, func(ctx context.Context, _ *config.Config, conn driver.Conn, epoch clickhouse.Epoch) error {
			found, err := clickhouse.NewDeadLetters(conn, epoch.Number).Whole(ctx, clickhouse.DeadLetterFilter{Positions: []clickhouse.Position{at}})
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return fmt.Errorf("epoch %d has no dead letter %s: `satisflow dead-letters list` shows which there are", epoch.Number, at)
			}
			show := deadletters.Mask
			if *reveal {
				show = deadletters.Reveal
			}
			record := show(&found[0])
			if *asJSON {
				out := letterOf(&found[0])
				out.Record = &record
				return s.printJSON(out)
			}
			return s.printLetter(epoch.Number, &found[0], &record)
		})
	}
	return cmd
}

func (s *shell) printLetter(epoch uint32, l *clickhouse.DeadLetter, record *deadletters.Shown) error {
	var b strings.Builder
	fmt.Fprintf(&b, "dead letter %s of epoch %d\n", l.Position, epoch)
	line := func(name, text string) { fmt.Fprintf(&b, "  %-9s %s\n", name, text) }
	line("reason", l.Reason)
	line("detail", l.Detail)
	line("arrived", clock(l.Arrived))
	line("rejected", clock(l.Stored))
	line("replayed", replayed(l))
	line("key", record.Key)
	for _, h := range record.Headers {
		line("header", h.Key+": "+h.Value)
	}
	fmt.Fprintf(&b, "\n%s\n", record.Value)
	if record.Masked {
		b.WriteString("\nWhat may be personal is masked; --reveal shows it.\n")
	}
	_, err := fmt.Fprint(s.stdout, b.String())
	return err
}
