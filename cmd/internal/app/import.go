package app

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/deliver"
	"satisflow/cmd/internal/importer"
)

// importing are the flags of import.
type importing struct {
	importer.Config
	report string
	wait   time.Duration
	dryRun bool
	json   bool
}

func newImportCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Send a file of ratings to Kafka: CSV, NDJSON or JSON",
		Long: `Send the ratings of a file, or of the standard input (-), to Kafka. The file is CSV with a
header, NDJSON, or JSON (an array, or objects one after the other); each may be packed by gzip
or zstd. Importing it again, or with its rows in another order, changes nothing.

Columns that have the name of a field of the event are taken. For others, --map says where a
field comes from; --value then replaces single values:

  --map customer_id=student             the column student
  --map 'customer_id=student-{student}' text and columns; {column?} may be missing
  --map service==legal_consulting       a constant
  --map language=                       nothing, although there is a column of that name
  --value channel:1=elective            1 becomes elective; channel:*=x any other value,
                                        channel:=x a missing one

Fields are those of the rating event, also attributes.KEY, quality.METRIC and answers.QUESTION.
In JSON, members of inner objects are columns named outer.inner.

Rows without a rating_id get one made of what they say, and of how many rows before said the
same. Rows without a time get one by --spread FROM..TO, which depends on their rating_id and
the span alone: dates or RFC 3339 times, or days from today in UTC such as -27d..0d, which mean
the same all day long. Another import of the same ratings needs the same span; it is printed.

Every row is judged as the processor will do it. What is wrong with the rejected ones stands,
with the rows, in the report.

Exit codes: 0 all rows are in Kafka, 1 some were rejected or the file broke off, 2 wrong
arguments or not a file of ratings, 3 Kafka is not there, 130 interrupted.`,
		Example: `  satisflow import ratings.csv --map customer_id=member --map service==legal_consulting
  satisflow import old.ndjson.zst --history --dry-run
  satisflow import --encoding gb18030 --time-zone Asia/Shanghai 评价.csv`,
		Args: arguments(cobra.ExactArgs(1)),
	}
	withConfig(cmd)
	shorthand(cmd, "brokers", "kafka.brokers", "addresses of Kafka, host:port")
	shorthand(cmd, "topic", "kafka.topic", "topic of the ratings")
	shorthand(cmd, "services", "event.services", "known services; any accepts all, as the processor must too")
	var opt importing
	f := cmd.Flags()
	f.StringArrayVar(&opt.Map, "map", nil, "field=column, field={column}-{column} or field==constant; repeatable")
	f.StringArrayVar(&opt.Values, "value", nil, "field:from=to; repeatable")
	f.StringVar(&opt.Spread, "spread", "", "FROM..TO: spread rows without a time over this span")
	f.StringVar(&opt.TimeZone, "time-zone", "", "zone of times that are written without one, such as Asia/Shanghai")
	f.StringVar(&opt.Format, "format", "", "csv, ndjson or json, where the file does not tell")
	f.StringVar(&opt.Encoding, "encoding", "", "encoding of the file, such as gb18030 (default utf-8)")
	f.BoolVar(&opt.History, "history", false, "take ratings older than the horizon (admission.horizon), up to the retention")
	f.BoolVar(&opt.dryRun, "dry-run", false, "judge all rows and send none; Kafka is not needed")
	f.Int64Var(&opt.Limit, "limit", 0, "read at most so many rows")
	f.StringVar(&opt.report, "report", "", "file for the rejected rows (default FILE.rejected.ndjson, made when there are any)")
	f.DurationVar(&opt.wait, "wait", deliver.DefaultConfig().GiveUp, "how long to wait for Kafka when it goes away meanwhile; 0s is for ever")
	f.BoolVar(&opt.json, "json", false, "print the summary as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		return s.importFile(cmd.Context(), &loaded.Config, args[0], opt)
	}
	return cmd
}

func (s *shell) importFile(ctx context.Context, cfg *config.Config, path string, opt importing) error {
	delivery := deliver.DefaultConfig()
	delivery.GiveUp = opt.wait
	if err := errors.Join(opt.Validate(), delivery.Validate()); err != nil {
		return usageError(err)
	}
	in, err := importer.Open(path, s.stdin)
	if err != nil {
		return usageError(err)
	}
	defer in.Close()
	im := importer.Importer{Config: opt.Config, Event: cfg.Event, Admission: cfg.Admission, Report: opt.reportPath(path), Clock: s.now}
	if !opt.dryRun {
		producer, err := openTopic(ctx, cfg.Kafka, cfg.Kafka.ProducerConfig())
		if err != nil {
			return err
		}
		defer func() { _ = producer.Close() }() // all that was sent is acknowledged
		im.Sender = deliver.New(producer, delivery, outages(s.stderr))
	}
	bar := importer.NewBar(s.stderr, in.Size)
	if bar != nil {
		im.Progress = bar
	}
	summary, err := im.Run(ctx, in)
	if bar != nil {
		bar.Close()
	}
	return s.imported(summary, err, opt.json)
}

func (o *importing) reportPath(path string) string {
	switch {
	case o.report != "":
		return o.report
	case path == "-":
		path = "stdin"
	}
	return path + ".rejected.ndjson"
}

// imported prints what was done, unless nothing was.
func (s *shell) imported(summary importer.Summary, err error, asJSON bool) error {
	if errors.Is(err, importer.ErrUsage) {
		return usageError(err)
	}
	printing := s.printSummary(&summary, asJSON)
	switch {
	case err != nil:
		return sendingError(err)
	case printing != nil:
		return printing
	case summary.Rejected > 0:
		return errDiffers
	}
	return nil
}
