package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

func newDeadLettersCommand(s *shell) *cobra.Command {
	return group(&cobra.Command{
		Use:   "dead-letters",
		Short: "Look at rejected records, and replay them once they are right",
		Long: `Rejected records are kept whole, with the reason, in the table dead_letters and in the topic
ratings.dead: list them, show one, replay those that are right after a fix.`,
		Example: `  satisflow dead-letters list --since 24h
  satisflow dead-letters show 3:1205
  satisflow dead-letters replay --reason unknown_service --set service=data_analysis --dry-run`,
	}, newDeadLettersListCommand(s), newDeadLettersShowCommand(s), newDeadLettersReplayCommand(s))
}

// letterFlags are the flags that say which dead letters are meant.
type letterFlags struct {
	reasons      []string
	partitions   string
	since, until string
	limit        int
	epoch        uint32
}

func (f *letterFlags) add(cmd *cobra.Command, limit int) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.reasons, "reason", nil, "reasons, or the parts of them before the colon: bad_json, bad_field")
	flags.StringVar(&f.partitions, "partition", "", "partitions, such as 0-3 or 0,2")
	flags.StringVar(&f.since, "since", "", "arrived at this time or later: RFC 3339, or an age such as 90m, 24h, 7d")
	flags.StringVar(&f.until, "until", "", "arrived before this time")
	flags.IntVar(&f.limit, "limit", limit, "at most so many, the newest; 0 for all")
	f.addEpoch(cmd)
}

func (f *letterFlags) addEpoch(cmd *cobra.Command) {
	cmd.Flags().Uint32Var(&f.epoch, "epoch", 0, "epoch that rejected them; 0 is the current one")
}

// filter reads the flags and the positions.
func (f *letterFlags) filter(args []string, now time.Time) (out clickhouse.DeadLetterFilter, err error) {
	out.Reasons, out.Limit = f.reasons, f.limit
	if f.limit < 0 {
		return out, fmt.Errorf("--limit %d: want 0 or more", f.limit)
	}
	if f.partitions != "" {
		if out.Partitions, err = source.ParsePartitions(f.partitions); err != nil {
			return out, fmt.Errorf("--partition: %w", err)
		}
	}
	if out.Since, err = parseMoment("--since", f.since, now); err != nil {
		return out, err
	}
	if out.Until, err = parseMoment("--until", f.until, now); err != nil {
		return out, err
	}
	for _, arg := range args {
		at, err := parsePosition(arg)
		if err != nil {
			return out, err
		}
		out.Positions = append(out.Positions, at)
	}
	return out, nil
}

// parseMoment reads a time, or an age; nothing is the zero time.
func parseMoment(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	return time.Time{}, fmt.Errorf("%s %q: want a time such as 2026-03-01T00:00:00Z, or an age such as 90m, 24h, 7d", flag, text)
}

func parsePosition(text string) (at clickhouse.Position, err error) {
	partition, offset, ok := strings.Cut(text, ":")
	p, wrongPartition := strconv.ParseInt(partition, 10, 32)
	at.Partition = int32(p)
	at.Offset, err = strconv.ParseInt(offset, 10, 64)
	if !ok || err != nil || wrongPartition != nil || p < 0 || at.Offset < 0 {
		return at, fmt.Errorf("%q is no dead letter: want PARTITION:OFFSET, such as 3:1205", text)
	}
	return at, nil
}

// withLetters calls f with the epoch of the dead letters and a connection to its database.
func (s *shell) withLetters(cmd *cobra.Command, number uint32, f func(ctx context.Context, cfg *config.Config, conn driver.Conn, epoch clickhouse.Epoch) error) error {
	loaded, err := s.load(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	conn, err := connectMigrated(ctx, &loaded)
	if err != nil {
		return err
	}
	defer conn.Close()
	epoch, err := lettersEpoch(ctx, conn, number)
	if err != nil {
		return err
	}
	return f(ctx, &loaded.Config, conn, epoch)
}

func lettersEpoch(ctx context.Context, conn driver.Conn, number uint32) (clickhouse.Epoch, error) {
	if number == 0 {
		current, found, err := clickhouse.CurrentEpoch(ctx, conn)
		if err == nil && !found {
			err = usageError(errors.New("the database has no epoch yet: start a processor first"))
		}
		return current, err
	}
	epochs, err := clickhouse.Epochs(ctx, conn)
	if err != nil {
		return clickhouse.Epoch{}, err
	}
	for _, e := range epochs {
		if e.Number == number {
			return e, nil
		}
	}
	return clickhouse.Epoch{}, usageError(fmt.Errorf("--epoch %d: there is none of this number", number))
}
