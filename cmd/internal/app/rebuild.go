package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/operate/rebuild"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/clickhouse/engine/termline"
)

// rebuilding are the flags of rebuild.
type rebuilding struct {
	epoch    uint32
	from     string
	newTopic bool
}

func newRebuildCommand(s *shell) *cobra.Command {
	var o rebuilding
	cmd := &cobra.Command{
		Use:   "rebuild --epoch N --from topic|facts",
		Short: "Make all figures anew beside the running ones, for other bands, windows or partitions",
		Long: `Fill a new epoch with the bands, windows, dimensions and partitions of the configuration, while
processors and readers go on with the current one. It then compares the sums of the new epoch
with its ratings, and shows the totals of both.

  --from topic   replay the topic from its start; an interrupted replay goes on where it ended
  --from facts   take the ratings that ClickHouse holds, for a topic that has lost its oldest
                 records; an interrupted copy begins anew

Afterwards start processors with the new configuration: they go on where this ended. Where it is
the same one, name the epoch: processor.epoch. Then satisflow rebuild switch lets readers follow,
and satisflow rebuild drop removes the old epoch.`,
		Example: `  satisflow rebuild --epoch 2 --from facts --bands.satisfied 4.2
  satisflow rebuild --epoch 2 --from topic --config new.yaml
  satisflow rebuild --epoch 2 --from facts --new-topic --kafka.topic ratings2`,
	}
	cmd = group(cmd, newSwitchCommand(s), newDropCommand(s))
	withConfig(cmd)
	shorthand(cmd, "brokers", "kafka.brokers", "addresses of Kafka, host:port")
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	cmd.Flags().Uint32Var(&o.epoch, "epoch", 0, "number of the new epoch, above the current one's")
	cmd.Flags().StringVar(&o.from, "from", "", "where the ratings come from: topic or facts")
	cmd.Flags().BoolVar(&o.newTopic, "new-topic", false, "kafka.topic is another topic than the current epoch's")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.epoch == 0 {
			return usageError(errors.New("--epoch is missing: want the number of the new epoch, above the current one's"))
		}
		if o.from != "topic" && o.from != "facts" {
			return usageError(fmt.Errorf("--from %q: want topic or facts", o.from))
		}
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		return s.rebuild(cmd.Context(), &loaded, o)
	}
	return cmd
}

func newSwitchCommand(s *shell) *cobra.Command {
	var epoch uint32
	var o rebuild.SwitchOptions
	cmd := &cobra.Command{
		Use:   "switch --epoch N",
		Short: "Let readers follow another epoch, at once",
		Long: `Make an epoch that was filled the current one: the API, the views and the dashboards follow it
from the next query on. The one before is retired and keeps its rows. Its processors end: started
again they work on the epoch that is current. A processor that names the retired one, by
processor.epoch, keeps it up, and switching back works as long as one does.

An epoch that is more than 5 minutes behind, or lacks ratings of the current one, is refused with
how much it lacks: start a processor with processor.epoch and its configuration first, or take it
so with --force and --missing.`,
		Example: `  satisflow rebuild switch --epoch 2`,
		Args:    arguments(cobra.NoArgs),
	}
	epochFlag(cmd, &epoch, &o.Force, "switch to an epoch that is more than 5 minutes behind too")
	cmd.Flags().Uint64Var(&o.Missing, "missing", 0, "switch though so many ratings of the current epoch are missing, as a refusal tells")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := named(epoch); err != nil {
			return err
		}
		return s.withStore(cmd, func(ctx context.Context, conn driver.Conn, _ clickhouse.Config) error {
			before, err := rebuild.Switch(ctx, conn, epoch, o, s.now())
			if err != nil {
				return rebuildError(err)
			}
			_, err = fmt.Fprintf(s.stdout, "readers follow epoch %d; epoch %d is retired\n", epoch, before)
			return err
		})
	}
	return cmd
}

func newDropCommand(s *shell) *cobra.Command {
	var epoch uint32
	var force bool
	cmd := &cobra.Command{
		Use:   "drop --epoch N",
		Short: "Remove the rows of an epoch that readers do not follow",
		Long: `Drop ratings, panes, windows and checkpoints of an epoch, for ever. The current epoch is refused,
and so is one that a processor has written within the last minute. Its dead letters stay until
they expire, and its number is never used again.`,
		Example: `  satisflow rebuild drop --epoch 1`,
		Args:    arguments(cobra.NoArgs),
	}
	epochFlag(cmd, &epoch, &force, "drop an epoch that was written a moment ago too")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := named(epoch); err != nil {
			return err
		}
		return s.withStore(cmd, func(ctx context.Context, conn driver.Conn, cfg clickhouse.Config) error {
			if err := rebuild.Drop(ctx, conn, cfg.Cluster, epoch, force, s.now()); err != nil {
				return rebuildError(err)
			}
			_, err := fmt.Fprintf(s.stdout, "epoch %d is dropped\n", epoch)
			return err
		})
	}
	return cmd
}

func epochFlag(cmd *cobra.Command, epoch *uint32, force *bool, forced string) {
	withConfig(cmd)
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	cmd.Flags().Uint32Var(epoch, "epoch", 0, "number of the epoch")
	cmd.Flags().BoolVar(force, "force", false, forced)
}

// named refuses a command line without an epoch.
func named(epoch uint32) error {
	if epoch == 0 {
		return usageError(errors.New("--epoch is missing: want the number of an epoch"))
	}
	return nil
}

// rebuildError gives an error that the caller can mend its exit code.
func rebuildError(err error) error {
	if errors.Is(err, rebuild.ErrRefused) || clickhouse.IsPermanent(err) {
		return usageError(err)
	}
	return err
}

func (s *shell) rebuild(ctx context.Context, loaded *config.Loaded, o rebuilding) error {
	cfg, log := &loaded.Config, s.logger(loaded.Config.Log)
	admission, err := withCustomerKey(cfg)
	if err != nil {
		return usageError(err)
	}
	conn, err := connectMigrated(ctx, loaded)
	if err != nil {
		return err
	}
	defer conn.Close()
	def, topic, err := topicDefinition(ctx, cfg)
	if err != nil {
		return err
	}
	from, to, err := rebuild.Begin(ctx, conn, o.epoch, def, topic, o.newTopic, s.now())
	if err != nil {
		return rebuildError(err)
	}
	fmt.Fprintf(s.stderr, "filling epoch %d beside epoch %d; %s\n", to.Number, from.Number, changes(&from, &to))
	bar := newRecordBar(s.stderr, "copied")
	err = s.fill(ctx, rebuild.Parts{
		Conn: conn, Pipeline: cfg.Processor.Config, Events: cfg.Event, Admission: admission, Kafka: cfg.Kafka.Config, Reader: cfg.Kafka.Reader,
		Topic: cfg.Kafka.Topic, Cluster: cfg.ClickHouse.Cluster, Now: s.now, ID: processorID(), Log: log.Level(max(log.GetLevel(), zerolog.WarnLevel)),
	}, o, &from, &to, bar)
	bar.close()
	if err != nil {
		return rebuildError(err)
	}
	if err := s.compareEpochs(ctx, conn, &from, &to); err != nil {
		return err
	}
	if from.Definition.Hash() == to.Definition.Hash() {
		fmt.Fprintf(s.stderr, "the configuration is that of epoch %d: start a processor for epoch %d with --processor.epoch %d and a kafka.group.id of its own, then switch\n", from.Number, to.Number, to.Number)
	}
	return nil
}

func (s *shell) fill(ctx context.Context, parts rebuild.Parts, o rebuilding, from, to *clickhouse.Epoch, bar *recordBar) error {
	if o.from == "facts" {
		return rebuild.FromFacts(ctx, parts, from, to, o.newTopic, bar.at)
	}
	lost, err := rebuild.FromTopic(ctx, parts, from, to, bar.at)
	if err == nil && lost > 0 {
		fmt.Fprintf(s.stderr, "the topic has lost its first %d records to retention: epoch %d lacks them; --from facts takes what ClickHouse holds\n", lost, to.Number)
	}
	return err
}

// topicDefinition is the definition of the configuration for the topic as it is.
func topicDefinition(ctx context.Context, cfg *config.Config) (*window.Definition, logid.ID, error) {
	client, err := source.NewClient(cfg.Kafka.Config)
	if err != nil {
		return nil, logid.ID{}, usageError(fmt.Errorf("kafka: %w", err))
	}
	defer client.Close()
	var id logid.ID
	partitions, err := client.Partitions(ctx, cfg.Kafka.Topic)
	if err == nil {
		id, err = client.Identify(ctx, cfg.Kafka.Topic)
	}
	if err != nil {
		return nil, id, unavailable(fmt.Errorf("%w: kafka.brokers and kafka.topic say where it is", err))
	}
	def := cfg.Definition(partitions)
	return &def, id, nil
}

func changes(from, to *clickhouse.Epoch) string {
	if d := clickhouse.Differences(&from.Definition, &to.Definition); d != "" {
		return d
	}
	return "both have the same bands, windows and dimensions"
}

// compareEpochs verifies the new epoch and shows the totals of both, which differ by what was changed, what the topic has
// lost, and what came meanwhile.
func (s *shell) compareEpochs(ctx context.Context, conn driver.Conn, from, to *clickhouse.Epoch) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s%12s%12s%12s%14s%10s  %s\n", "", "ratings", "unscored", "satisfied", "dissatisfied", "erased", "complete to")
	for _, e := range []*clickhouse.Epoch{from, to} {
		t, err := clickhouse.EpochTotals(ctx, conn, e)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%-10s%12d%12d%12d%14d%10d  %s\n", fmt.Sprintf("epoch %d", e.Number), t.Ratings, t.Unscored, t.Satisfied, t.Dissatisfied, t.Erased, completeTo(t.Complete))
	}
	if _, err := fmt.Fprint(s.stdout, b.String()); err != nil {
		return err
	}
	return s.verify(ctx, conn, to.Number, clickhouse.DefaultVerifyOptions(s.now()), false)
}

func completeTo(at time.Time) string {
	if at.IsZero() {
		return "no time yet"
	}
	return clock(at)
}

// recordBar shows how far a rebuild is, on a terminal only.
type recordBar struct {
	bar   *progressbar.ProgressBar
	begin time.Time
	verb  string
}

func newRecordBar(w io.Writer, verb string) *recordBar {
	file, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return &recordBar{}
	}
	line := termline.New(file)
	return &recordBar{verb: verb, begin: time.Now(), bar: progressbar.NewOptions64(-1, progressbar.OptionSetWriter(line), progressbar.OptionSetWidth(line.BarWidth()),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true))}
}

func (b *recordBar) at(p rebuild.Progress) {
	if b.bar == nil {
		return
	}
	b.bar.ChangeMax64(max(p.Total, 1))
	b.bar.Describe(fmt.Sprintf("%s, %.0f/s", b.verb, float64(p.Done)/max(time.Since(b.begin).Seconds(), 0.001)))
	_ = b.bar.Set64(p.Done)
}

func (b *recordBar) close() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
