package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/logid"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// ErrRefused is wrapped by errors about something that must not be done now.
var ErrRefused = errors.New("refused")

// Begin registers the epoch as being built and returns it with the current one. A topic with another number of
// partitions must be another topic: one that was enlarged holds versions of one rating in two partitions.
func Begin(ctx context.Context, conn driver.Conn, number uint32, def *window.Definition, log logid.ID, newTopic bool, now time.Time) (from, to clickhouse.Epoch, err error) {
	from, found, err := clickhouse.CurrentEpoch(ctx, conn)
	if err != nil {
		return from, to, err
	}
	if !found {
		return from, to, fmt.Errorf("%w: the database has no epoch yet: start a processor, which makes the first one", ErrRefused)
	}
	if was, is := from.Definition.Partitions, def.Partitions; was != is && !newTopic {
		return from, to, fmt.Errorf("%w: the topic has %d partitions, epoch %d was made for %d. A topic that was enlarged would hold versions of one rating in two partitions: "+
			"make a new topic with %d partitions, let producers and kafka.topic change to it, and add --new-topic", ErrRefused, is, from.Number, was, is)
	}
	to, err = clickhouse.BeginEpoch(ctx, conn, clickhouse.Epoch{Number: number, Definition: *def, Log: log}, now)
	return from, to, err
}

// MaxBehind is how far the epoch that readers switch to may be behind the current one.
const MaxBehind = 5 * time.Minute

// SwitchOptions say what somebody takes into the bargain who switches.
type SwitchOptions struct {
	Force   bool   // an epoch that is more than MaxBehind behind
	Missing uint64 // as many ratings of the current epoch may be missing in the other one
}

// Switch makes the epoch current, and returns the number of the one that was. It is refused while another process works on the
// epoch, and for an epoch in which a rating counts that is erased in the current one, whatever the options: readers would get it
// back.
func Switch(ctx context.Context, conn driver.Conn, number uint32, o SwitchOptions, now time.Time) (before uint32, err error) {
	err = hold(ctx, conn, number, func(ctx context.Context) error {
		return clickhouse.NewLease(conn, clickhouse.RegistrationLease, clickhouse.Holder()).Hold(ctx, func(ctx context.Context) error {
			before, err = switchTo(ctx, conn, number, o, now)
			return err
		})
	})
	return before, err
}

func switchTo(ctx context.Context, conn driver.Conn, number uint32, o SwitchOptions, now time.Time) (before uint32, err error) {
	current, _, err := clickhouse.CurrentEpoch(ctx, conn)
	if err != nil {
		return 0, err
	}
	to, err := clickhouse.EpochNumber(ctx, conn, number)
	switch {
	case err != nil:
		return 0, err
	case to.Number == current.Number:
		return 0, fmt.Errorf("%w: epoch %d is the current one already", ErrRefused, number)
	}
	if err := requireComplete(ctx, conn, &current, &to, o); err != nil {
		return 0, err
	}
	left, err := clickhouse.NotErased(ctx, conn, current.Number, number)
	switch {
	case err != nil:
		return 0, err
	case left > 0:
		return 0, fmt.Errorf("%w: %d ratings that are erased in epoch %d still count in epoch %d: start a processor with its configuration, which reads their erasures from the topic; "+
			"where that is another topic, or has lost them, drop epoch %d and fill one with another number", ErrRefused, left, current.Number, number, number)
	}
	return current.Number, clickhouse.SwitchEpoch(ctx, conn, number, now)
}

// requireComplete refuses an epoch that lacks more than the options allow, and says how much it lacks.
func requireComplete(ctx context.Context, conn driver.Conn, current, to *clickhouse.Epoch, o SwitchOptions) error {
	was, err := clickhouse.EpochTotals(ctx, conn, current)
	if err != nil {
		return err
	}
	is, err := clickhouse.EpochTotals(ctx, conn, to)
	switch {
	case err != nil:
		return err
	case !is.Filled:
		return fmt.Errorf("%w: epoch %d is not filled: run `satisflow rebuild --epoch %d` first", ErrRefused, to.Number, to.Number)
	}
	behind := is.Complete.IsZero() && !was.Complete.IsZero() || was.Complete.Sub(is.Complete) > MaxBehind
	missing, err := clickhouse.MissingRatings(ctx, conn, current, to, !behind && oneTopic(current, to))
	switch lacks := fmt.Sprintf("it lacks %d of the %d ratings of epoch %d", missing, was.Facts-was.Erased, current.Number); {
	case err != nil:
		return err
	case behind && (!o.Force || missing > o.Missing):
		return fmt.Errorf("%w: epoch %d is complete %s, epoch %d %s; %s: start a processor with processor.epoch: %d and its configuration first, or add --force --missing %d",
			ErrRefused, to.Number, until(is.Complete), current.Number, until(was.Complete), lacks, to.Number, missing)
	case missing > o.Missing:
		return fmt.Errorf("%w: epoch %d has read what epoch %d has, and %s: the topic has lost them, or the rules of admission reject them now; --missing %d takes it so",
			ErrRefused, to.Number, current.Number, lacks, missing)
	}
	return nil
}

// until says up to when an epoch is complete.
func until(at time.Time) string {
	if at.IsZero() {
		return "at no time yet"
	}
	return "to " + at.Format(time.RFC3339)
}

// quiet is how long nobody must have written an epoch that is dropped; a processor writes more often.
const quiet = time.Minute

// Drop removes the rows of an epoch. It is refused, forced or not, while another process fills it or switches to it.
func Drop(ctx context.Context, conn driver.Conn, cluster string, number uint32, force bool, now time.Time) error {
	return hold(ctx, conn, number, func(ctx context.Context) error { return drop(ctx, conn, cluster, number, force, now) })
}

func drop(ctx context.Context, conn driver.Conn, cluster string, number uint32, force bool, now time.Time) error {
	written, err := clickhouse.LastWritten(ctx, conn, number)
	if err != nil {
		return err
	}
	current, found, err := clickhouse.CurrentEpoch(ctx, conn)
	switch ago := now.Sub(written); {
	case err != nil:
		return err
	case found && current.Number == number:
		return fmt.Errorf("%w: epoch %d is current: readers follow it", ErrRefused, number)
	case ago < quiet && !force:
		return fmt.Errorf("%w: epoch %d was written %s ago: stop its processors, wait for a minute, or add --force", ErrRefused, number, ago.Round(time.Second))
	}
	return clickhouse.DropEpoch(ctx, conn, cluster, number, now)
}
