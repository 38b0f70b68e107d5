package app

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/operate/deadletters"
	"satisflow/sinks/clickhouse"
)

func newDeadLettersListCommand(s *shell) *cobra.Command {
	var flags letterFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Count rejected records by reason, and list the newest",
		Long: `Count the rejected records by reason, and list the newest: where they are, when they arrived, what
was wrong, and when they were replayed. Nothing of what the records hold is shown.`,
		Example: `  satisflow dead-letters list --since 24h
  satisflow dead-letters list --reason bad_field --partition 0-3 --limit 0 --json`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	flags.add(cmd, 20)
	notReplayed := cmd.Flags().Bool("not-replayed", false, "only those that were never replayed")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		filter, err := flags.filter(nil, s.now())
		if err != nil {
			return usageError(err)
		}
		filter.Open = *notReplayed
		return s.withLetters(cmd, flags.epoch, func(ctx context.Context, _ *config.Config, conn driver.Conn, epoch clickhouse.Epoch) error {
			letters := clickhouse.NewDeadLetters(conn, epoch.Number)
			reasons, err := letters.Reasons(ctx, filter)
			if err != nil {
				return err
			}
			list, err := letters.List(ctx, filter)
			if err != nil {
				return err
			}
			if *asJSON {
				return s.printJSON(listedJSON(reasons, list))
			}
			return s.printLetters(reasons, list)
		})
	}
	return cmd
}

func (s *shell) printLetters(reasons []clickhouse.DeadLetterReason, list []clickhouse.DeadLetter) error {
	if len(reasons) == 0 {
		_, err := fmt.Fprintln(s.stdout, "no dead letters")
		return err
	}
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REASON\tLETTERS\tREPLAYED\tFIRST\tLAST")
	var total uint64
	for _, r := range reasons {
		total += r.Letters
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", r.Reason, r.Letters, r.Replayed, clock(r.First), clock(r.Last))
	}
	fmt.Fprintln(w, "\nLETTER\tARRIVED\tREASON\tREPLAYED\tDETAIL")
	for _, l := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.Position, clock(l.Arrived), l.Reason, replayed(&l), l.Detail)
	}
	if listed := uint64(len(list)); total > listed { // letters that came between the two queries are listed and not counted
		fmt.Fprintf(w, "… and %d more (--limit)\n", total-listed)
	}
	return w.Flush()
}

func replayed(l *clickhouse.DeadLetter) string {
	if l.Replayed.IsZero() {
		return "no"
	}
	return clock(l.Replayed)
}

// letterJSON is a dead letter for scripts.
type letterJSON struct {
	Partition  int32      `json:"partition"`
	Offset     int64      `json:"offset"`
	ArrivedAt  time.Time  `json:"arrived_at"`
	RejectedAt time.Time  `json:"rejected_at"`
	Reason     string     `json:"reason"`
	Detail     string     `json:"detail"`
	ReplayedAt *time.Time `json:"replayed_at"`
	ReplayedBy string     `json:"replayed_by,omitempty"`

	Record *deadletters.Shown `json:"record,omitempty"`
}

type reasonJSON struct {
	Reason   string    `json:"reason"`
	Letters  uint64    `json:"letters"`
	Replayed uint64    `json:"replayed"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

type listed struct {
	Reasons []reasonJSON `json:"reasons"`
	Letters []letterJSON `json:"letters"`
}

func listedJSON(reasons []clickhouse.DeadLetterReason, list []clickhouse.DeadLetter) listed {
	out := listed{Reasons: []reasonJSON{}, Letters: []letterJSON{}}
	for _, r := range reasons {
		out.Reasons = append(out.Reasons, reasonJSON(r))
	}
	for i := range list {
		out.Letters = append(out.Letters, letterOf(&list[i]))
	}
	return out
}

func letterOf(l *clickhouse.DeadLetter) letterJSON {
	out := letterJSON{Partition: l.Partition, Offset: l.Offset, ArrivedAt: l.Arrived, RejectedAt: l.Stored, Reason: l.Reason, Detail: l.Detail, ReplayedBy: l.ReplayedBy}
	if !l.Replayed.IsZero() {
		out.ReplayedAt = &l.Replayed
	}
	return out
}
