package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/sinks/clickhouse"
)

func newVerifyCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare all stored sums with the ratings they are made of",
		Long: `Make panes and windows anew from the stored ratings, by SQL and times of its own, and compare them
with what is stored. Prints how much was compared, each difference, each rating_id that stands at
more than one place, ratings in the wrong pane, and what could not be judged. It may run beside a
processor and changes nothing. It does not read Kafka: that every record of the log is a rating or
a dead letter is not shown by it.

The exit code is 0 only when something was compared, all of it was judged and nothing differs; 1
when anything differs, when there was nothing to compare, and when panes or windows could not be
judged as no processor goes on with them. What a processor keeps writing is counted and left out.

With --repair, a rating_id that stands at more than one place (with several times or customers)
is erased at all but one: the highest revision stays; of equal ones the record with the latest
timestamp; of equal ones that in the highest partition, and in one partition the latest record.
The erasures go through Kafka; a processor must run. Then it compares again.`,
		Example: `  satisflow verify --clickhouse http://host:8123/satisflow
  satisflow verify --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z --json
  satisflow verify --repair`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	epoch := cmd.Flags().Uint32("epoch", 0, "epoch to verify; 0 is the current one")
	from := cmd.Flags().String("from", "", "compare from this time on, RFC 3339")
	to := cmd.Flags().String("to", "", "compare up to this time, RFC 3339")
	most := cmd.Flags().Int("max", 100, "differences that are listed one by one")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	repair := cmd.Flags().Bool("repair", false, "erase the lesser places of each rating_id that stands at several, in the current epoch")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts := clickhouse.DefaultVerifyOptions(s.now())
		opts.MaxDifferences = *most
		if err := parseSpan(*from, *to, &opts); err != nil {
			return usageError(err)
		}
		if *most < 0 {
			return usageError(fmt.Errorf("--max %d: want 0 or more", *most))
		}
		if *repair {
			if *epoch != 0 {
				return usageError(errors.New("--repair and --epoch: only the current epoch has processors that would erase"))
			}
			if err := s.repair(cmd); err != nil {
				return err
			}
		}
		return s.withStore(cmd, func(ctx context.Context, conn driver.Conn, _ clickhouse.Config) error {
			return s.verify(ctx, conn, *epoch, opts, *asJSON)
		})
	}
	return cmd
}

func parseSpan(from, to string, opts *clickhouse.VerifyOptions) error {
	for _, bound := range []struct {
		flag, text string
		into       *time.Time
	}{{"--from", from, &opts.From}, {"--to", to, &opts.To}} {
		if bound.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, bound.text)
		if err != nil {
			return fmt.Errorf("%s %q: want a time such as 2026-03-01T00:00:00Z", bound.flag, bound.text)
		}
		*bound.into = at
	}
	if !opts.From.IsZero() && !opts.To.IsZero() && !opts.From.Before(opts.To) {
		return fmt.Errorf("--from %s --to %s: want a start before the end", from, to)
	}
	return nil
}

func (s *shell) verify(ctx context.Context, conn driver.Conn, epoch uint32, opts clickhouse.VerifyOptions, asJSON bool) error {
	if err := requireSchema(ctx, conn); err != nil {
		return err
	}
	if epoch == 0 {
		current, found, err := clickhouse.CurrentEpoch(ctx, conn)
		if err != nil {
			return err
		}
		if !found {
			return usageError(fmt.Errorf("the database has no epoch yet: start a processor first"))
		}
		epoch = current.Number
	}
	begin := time.Now()
	report, err := clickhouse.Verify(ctx, conn, epoch, opts)
	if err != nil {
		return fmt.Errorf("verify epoch %d: %w", epoch, err)
	}
	if asJSON {
		err = s.printJSON(reportJSON(report))
	} else {
		err = s.printReport(report, time.Since(begin))
	}
	if err == nil && !report.OK() {
		return errDiffers
	}
	return err
}

func (s *shell) printReport(r clickhouse.Report, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "epoch %d: compared %d pane rows and %d window rows with %d ratings in %s\n",
		r.Epoch, r.PaneRows, r.WindowRows, r.Facts, took.Round(10*time.Millisecond))
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "difference: %s\n", d)
	}
	if more := r.Differing - uint64(len(r.Differences)); more > 0 {
		fmt.Fprintf(&b, "… and %d rows more that differ (--max lists more)\n", more)
	}
	for _, c := range r.Conflicts {
		fmt.Fprintf(&b, "identity_conflict: rating_id %s stands at %d places:", c.RatingID, len(c.Places))
		for _, p := range c.Places {
			fmt.Fprintf(&b, " %s of customer %s (partition %d, offset %d);", clock(p.OccurredAt), p.CustomerID, p.Partition, p.Offset)
		}
		b.WriteString("\n")
	}
	if more := r.ConflictCount - uint64(len(r.Conflicts)); more > 0 {
		fmt.Fprintf(&b, "… and %d identity conflicts more (--max lists more)\n", more)
	}
	line := func(n uint64, text string) {
		if n > 0 {
			fmt.Fprintf(&b, text+"\n", n)
		}
	}
	line(r.Replaced, "identity_conflict: %d ratings have versions of several customers or times under one key; the last one counts alone")
	line(r.Misfiled, "%d versions of ratings are not in the pane of their time")
	line(r.Beyond, "%d pane rows count ratings of before "+r.Since.Format("2006-01-02")+", which may have expired: they were not compared")
	line(r.Moving, "%d panes and windows were not judged: a processor kept writing them")
	line(r.Unsettled, "%d panes and windows were not judged: a processor is behind, or none runs")
	if len(r.Unfilled) > 0 {
		fmt.Fprintf(&b, "nothing of %d partitions is complete: epoch %d is not filled, or no processor has read them\n", len(r.Unfilled), r.Epoch)
	}
	switch r.Verdict() {
	case clickhouse.Differs:
		fmt.Fprintf(&b, "%d rows differ, %d rating ids stand at more than one place\n", r.Differing, r.ConflictCount+r.Replaced)
	case clickhouse.Empty:
		b.WriteString("nothing was compared: the epoch holds no sums in this time\n")
	case clickhouse.Undecided:
		b.WriteString("no difference in what was judged, which is not all\n")
	default:
		b.WriteString("no difference\n")
	}
	_, err := fmt.Fprint(s.stdout, b.String())
	return err
}

// verified is the report for scripts.
type verified struct {
	OK          bool         `json:"ok"`
	Epoch       uint32       `json:"epoch"`
	Ratings     uint64       `json:"ratings"`
	PaneRows    uint64       `json:"pane_rows"`
	WindowRows  uint64       `json:"window_rows"`
	Differing   uint64       `json:"differing"`
	Differences []difference `json:"differences"`
	Conflicting uint64       `json:"identity_conflicts"`
	Conflicts   []conflict   `json:"conflicts"`
	Unsettled   uint64       `json:"unsettled"`
	Verdict     string       `json:"verdict"`
	Moving      uint64       `json:"moving"`
	Unfilled    []int32      `json:"unfilled_partitions"`
	Replaced    uint64       `json:"replaced_identities"`
	Misfiled    uint64       `json:"misfiled"`
	Beyond      uint64       `json:"beyond_ratings"`
}

type difference struct {
	Table     string            `json:"table"`
	Window    string            `json:"window,omitempty"`
	Time      time.Time         `json:"time"`
	Partition int32             `json:"partition"`
	Dimension string            `json:"dimension"`
	Value     string            `json:"value"`
	Missing   bool              `json:"missing,omitempty"`
	Fields    map[string]stored `json:"fields"`
}

type stored struct {
	Stored     int64 `json:"stored"`
	Recomputed int64 `json:"recomputed"`
}

type conflict struct {
	RatingID string  `json:"rating_id"`
	Places   []place `json:"places"`
}

type place struct {
	OccurredAt time.Time `json:"occurred_at"`
	CustomerID string    `json:"customer_id"`
	Partition  int32     `json:"partition"`
	Offset     int64     `json:"offset"`
}

func reportJSON(r clickhouse.Report) verified {
	v := verified{
		OK: r.OK(), Epoch: r.Epoch, Ratings: r.Facts, PaneRows: r.PaneRows, WindowRows: r.WindowRows,
		Differing: r.Differing, Differences: []difference{}, Conflicting: r.ConflictCount, Conflicts: []conflict{}, Unsettled: r.Unsettled,
		Verdict: string(r.Verdict()), Moving: r.Moving, Unfilled: append([]int32{}, r.Unfilled...), Replaced: r.Replaced, Misfiled: r.Misfiled, Beyond: r.Beyond,
	}
	for _, d := range r.Differences {
		fields := map[string]stored{}
		for _, f := range d.Fields {
			fields[f.Name] = stored{f.Stored, f.Recomputed}
		}
		v.Differences = append(v.Differences, difference{d.Table, d.Window, d.Time, d.Partition, d.Key.Dimension, d.Key.Value, d.Missing, fields})
	}
	for _, c := range r.Conflicts {
		places := []place{}
		for _, p := range c.Places {
			places = append(places, place{p.OccurredAt, p.CustomerID, p.Partition, p.Offset})
		}
		v.Conflicts = append(v.Conflicts, conflict{c.RatingID, places})
	}
	return v
}
