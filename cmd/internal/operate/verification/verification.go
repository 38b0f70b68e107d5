// Package verification owns when the stored sums are compared with their ratings in the background, and which part of
// them. How they are compared is package clickhouse's; what is done about a difference is left to people.
//
// # Non-obvious
//
//   - Of all processors the one that owns partition 0 compares, so that there is one. One that no longer owns it forgets
//     its result, which nobody would refresh.
//   - Each run compares the last two days and one older month, the next one at the next run: all months have their turn,
//     and no run reads everything.
package verification

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"satisflow/sinks/clickhouse"
)

// Config says how often sums are compared.
type Config struct {
	// Interval is the time from the start of one comparison to the next, 1 minute or more; 0 switches it off.
	Interval time.Duration `yaml:"interval" help:"time between two comparisons of the sums with their ratings, in the background; 0s switches it off"`
}

// DefaultConfig compares once an hour.
func DefaultConfig() Config { return Config{Interval: time.Hour} }

// Validate returns an error that names the key, the value and what would be right.
func (c Config) Validate() error {
	if c.Interval != 0 && c.Interval < time.Minute {
		return fmt.Errorf("interval: %s: want 0s, which switches it off, or at least 1m", c.Interval)
	}
	return nil
}

// Metrics are told the result; prometheus.VerifyMetrics is one.
type Metrics interface {
	Verified(differences, conflicts uint64, at time.Time)
	Forget()
}

// Parts are what a Loop works with.
type Parts struct {
	Conn    driver.Conn
	Epoch   uint32
	Owns    func() bool // whether this process owns partition 0
	Metrics Metrics
	Now     func() time.Time
	Log     zerolog.Logger
}

// Loop compares again and again.
type Loop struct {
	cfg   Config
	parts Parts
}

// New returns a Loop for a configuration that is valid.
func New(cfg Config, parts Parts) *Loop { return &Loop{cfg, parts} }

// delay is how long after the start the first comparison comes: a processor that catches up is not disturbed.
const delay = 3 * time.Minute

// Run compares until the context ends. What fails is logged and tried again at the next turn; the time of the last
// success in the metrics tells.
func (l *Loop) Run(ctx context.Context) error {
	if l.cfg.Interval == 0 {
		<-ctx.Done()
		return nil
	}
	for timer := time.NewTimer(min(delay, l.cfg.Interval)); ; timer.Reset(l.cfg.Interval) {
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if !l.parts.Owns() {
			l.parts.Metrics.Forget()
			continue
		}
		if err := l.Once(ctx); err != nil && ctx.Err() == nil {
			l.parts.Log.Error().Err(err).Msg("cannot compare the sums with their ratings")
		}
	}
}

// recent is how far back every comparison reaches.
const recent = 48 * time.Hour

// Once compares the recent time and the older month whose turn it is.
func (l *Loop) Once(ctx context.Context) error {
	begin := l.parts.Now()
	opts := clickhouse.DefaultVerifyOptions(begin)
	opts.Background, opts.From = true, begin.Add(-recent)
	report, err := clickhouse.Verify(ctx, l.parts.Conn, l.parts.Epoch, opts)
	if err != nil {
		return err
	}
	months, err := clickhouse.Months(ctx, l.parts.Conn, l.parts.Epoch)
	if err != nil {
		return err
	}
	if month, ok := Turn(months, begin, l.cfg.Interval); ok {
		opts.From, opts.To, opts.SkipConflicts = month, month.AddDate(0, 1, 0), true
		older, err := clickhouse.Verify(ctx, l.parts.Conn, l.parts.Epoch, opts)
		if err != nil {
			return err
		}
		report.Differing += older.Differing
		report.Differences = append(report.Differences, older.Differences...)
		report.Misfiled += older.Misfiled
		report.PaneRows += older.PaneRows
		report.WindowRows += older.WindowRows
		report.Unsettled += older.Unsettled
	}
	l.parts.Metrics.Verified(report.Differing+report.Misfiled, report.ConflictCount+report.Replaced, l.parts.Now())
	l.tell(&report, l.parts.Now().Sub(begin))
	return nil
}

// Turn returns the month that is compared now, of those that hold rows.
func Turn(months []time.Time, now time.Time, interval time.Duration) (time.Time, bool) {
	if len(months) == 0 {
		return time.Time{}, false
	}
	return months[now.UnixNano()/int64(max(interval, time.Second))%int64(len(months))], true
}

func (l *Loop) tell(r *clickhouse.Report, took time.Duration) {
	if r.Verdict() != clickhouse.Differs {
		l.parts.Log.Debug().Str("verdict", string(r.Verdict())).Uint64("unsettled", r.Unsettled).Uint32("epoch", r.Epoch).Uint64("panes", r.PaneRows).Uint64("windows", r.WindowRows).Dur("took", took).Msg("sums compared")
		return
	}
	entry := l.parts.Log.Error().Uint32("epoch", r.Epoch).Uint64("differences", r.Differing).Uint64("identity_conflicts", r.ConflictCount)
	if len(r.Differences) > 0 {
		entry = entry.Stringer("first", r.Differences[0])
	}
	entry.Msg("stored sums differ from their ratings, or rating ids stand twice: satisflow verify lists them")
}
