package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/operate/deadletters"
	"satisflow/sinks/clickhouse"
)

// replaying are the flags of replay that do not say which letters are meant.
type replaying struct {
	deadletters.Options
	set                    []string
	all, again, edit, json bool
}

func newDeadLettersReplayCommand(s *shell) *cobra.Command {
	var flags letterFlags
	var o replaying
	cmd := &cobra.Command{
		Use:   "replay [PARTITION:OFFSET...]",
		Short: "Send rejected records to the topic of the ratings again",
		Long: `Send rejected records to the topic of the ratings again: those that are named, or that the flags
select, and were not replayed before. Each is judged first, by the configuration as it is here;
those that would be rejected again are listed and not sent, and neither are those whose rating
is stored already. A record keeps its headers and its first time of arrival.

--set gives a field another value, --edit opens the record in your $EDITOR. Replaying twice
changes no figure: a rating counts once, by its rating_id.

The exit code is 1 when any record was not sent.`,
		Example: `  satisflow dead-letters replay --reason unknown_service --since 7d --dry-run
  satisflow dead-letters replay --reason unknown_service --set service=data_analysis
  satisflow dead-letters replay 3:1205 --edit
  satisflow dead-letters replay --reason bad_field:rating_id --set 'rating_id=mended-{partition}-{offset}'`,
	}
	withConfig(cmd)
	shorthand(cmd, "brokers", "kafka.brokers", "addresses of Kafka, host:port")
	shorthand(cmd, "topic", "kafka.topic", "topic of the ratings")
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	shorthand(cmd, "services", "event.services", "known services; any accepts all, as the processor must too")
	flags.add(cmd, 0)
	f := cmd.Flags()
	f.StringArrayVar(&o.set, "set", nil, "field=value, quality.metric=value; {partition} and {offset} are the letter's; repeatable")
	f.BoolVar(&o.edit, "edit", false, "open the record in $VISUAL or $EDITOR; one record at a time")
	f.BoolVar(&o.History, "history", false, "mark the records as history: they may be older than admission.horizon")
	f.BoolVar(&o.all, "all", false, "all dead letters, where no flag selects any")
	f.BoolVar(&o.again, "again", false, "also those that were replayed before")
	f.BoolVar(&o.Force, "force", false, "send also what would be rejected again, or is stored already")
	f.BoolVar(&o.DryRun, "dry-run", false, "only say what would be sent")
	f.BoolVar(&o.json, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		filter, err := flags.filter(args, s.now())
		if err == nil {
			filter.Open = !o.again
			err = o.prepare(s, &filter)
		}
		if err != nil {
			return usageError(err)
		}
		return s.withLetters(cmd, flags.epoch, func(ctx context.Context, cfg *config.Config, conn driver.Conn, epoch clickhouse.Epoch) error {
			return s.replay(ctx, cfg, conn, epoch, filter, o)
		})
	}
	return cmd
}

// prepare reads what is to be changed and refuses what cannot be meant.
func (o *replaying) prepare(s *shell, f *clickhouse.DeadLetterFilter) error {
	selected := len(f.Positions) + len(f.Reasons) + len(f.Partitions) + f.Limit
	if selected == 0 && f.Since.IsZero() && f.Until.IsZero() && !o.all {
		return errors.New("nothing is selected: name dead letters (PARTITION:OFFSET), give --reason, --since …, or --all")
	}
	single := len(f.Positions) == 1 || f.Limit == 1
	for _, text := range o.set {
		a, err := deadletters.ParseAssignment(text)
		if err != nil {
			return fmt.Errorf("--set %w", err)
		}
		if a.Field == "rating_id" && !single && !strings.Contains(a.Value, "{offset}") {
			return errors.New("--set rating_id: several records would become one rating: add {partition}-{offset} to it, or name one record")
		}
		o.Set = append(o.Set, a)
	}
	if o.edit {
		if !single {
			return errors.New("--edit: want one dead letter, PARTITION:OFFSET")
		}
		o.Edit = s.edit
	}
	return nil
}

// edit lets a person change a record, in a file that nobody else may read and that is removed afterwards.
func (s *shell) edit(at clickhouse.Position, record []byte) (changed []byte, err error) {
	editor := s.environment("VISUAL", s.environment("EDITOR", "vi"))
	file, err := os.CreateTemp("", fmt.Sprintf("satisflow-%d-%d-*.json", at.Partition, at.Offset))
	if err != nil {
		return nil, fmt.Errorf("make a file to edit: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.Write(record)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("write the file to edit: %w", err)
	}
	cmd := exec.Command("sh", "-c", editor+` "$1"`, "sh", file.Name()) // the variable may hold arguments
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = s.stdin, s.stdout, s.stderr, s.environ
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("edit the record with %s: %w: set EDITOR to another editor", editor, err)
	}
	if changed, err = os.ReadFile(file.Name()); err != nil {
		return nil, fmt.Errorf("read the edited record: %w", err)
	}
	return []byte(strings.TrimRight(string(changed), "\r\n")), nil
}

// environment returns the variable, or the default where it is empty.
func (s *shell) environment(name, otherwise string) string {
	for _, v := range s.environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok && value != "" {
			return value
		}
	}
	return otherwise
}

// outcomeJSON is what became of a letter, for scripts.
type outcomeJSON struct {
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Verdict   string `json:"verdict"`
	Reason    string `json:"reason,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Sent      bool   `json:"sent"`
}

func (s *shell) replay(ctx context.Context, cfg *config.Config, conn driver.Conn, epoch clickhouse.Epoch, filter clickhouse.DeadLetterFilter, o replaying) error {
	admission, err := withCustomerKey(cfg)
	if err != nil {
		return usageError(err)
	}
	parts := deadletters.Parts{
		Letters: clickhouse.NewDeadLetters(conn, epoch.Number), Ratings: clickhouse.NewErasures(conn, cfg.ClickHouse.Cluster), Epoch: epoch,
		Events: cfg.Event, Admission: admission, Now: s.now, By: "command: " + userName(),
	}
	if !o.DryRun {
		producer, err := openTopic(ctx, cfg.Kafka, cfg.Kafka.ProducerConfig())
		if err != nil {
			return err
		}
		defer func() { _ = producer.Close() }() // all that was sent is acknowledged
		parts.Producer = producer
	}
	replayer, err := deadletters.NewReplayer(parts)
	if err != nil {
		return usageError(err)
	}
	all := []outcomeJSON{}
	err = replayer.Replay(ctx, filter, o.Options, func(out deadletters.Outcome) {
		all = append(all, outcomeJSON{out.Partition, out.Offset, string(out.Verdict), out.Reason, out.Detail, out.Sent})
	})
	return errors.Join(err, s.printOutcomes(all, o))
}

func (s *shell) printOutcomes(all []outcomeJSON, o replaying) error {
	var admitted, sent int
	for _, out := range all {
		if out.Verdict == string(deadletters.Admitted) {
			admitted++
		} else if !o.json {
			fmt.Fprintf(s.stdout, "%d:%d  %s  %s\n", out.Partition, out.Offset, strings.TrimSpace(out.Verdict+" "+out.Reason), out.Detail)
		}
		if out.Sent {
			sent++
		}
	}
	var err error
	switch {
	case o.json:
		err = s.printJSON(all)
	case o.DryRun:
		_, err = fmt.Fprintf(s.stdout, "%d of %s would be admitted now; nothing was sent\n", admitted, plural(len(all), "dead letter"))
	default:
		_, err = fmt.Fprintf(s.stdout, "%d of %s sent\n", sent, plural(len(all), "dead letter"))
	}
	if err == nil && (o.DryRun && admitted < len(all) || !o.DryRun && sent < len(all)) {
		return errDiffers
	}
	return err
}
