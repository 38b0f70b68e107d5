package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/operate/deliver"
	"satisflow/cmd/internal/operate/importer"
)

// importing are the flags of import.
type importing struct {
	importer.Config
	preset     string
	presetFile string
	comma      bool
	report     string
	wait       time.Duration
	dryRun     bool
	json       bool
}

func newImportCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Send a file of ratings to Kafka: CSV, Excel, NDJSON or JSON",
		Long: `Send the ratings of a file, or of the standard input (-), to Kafka. The file is CSV or an
Excel sheet (.xlsx) with a header, NDJSON, or JSON (arrays, objects one after the other, or an
array within an object); each may be packed by gzip or zstd. Importing it again, or with its
rows in another order or other files, changes nothing.

For the exports of other products there are presets, --preset NAME: mappings in a file that
"satisflow import presets show NAME" prints, to be copied and changed (--preset-file). Try any
file with --dry-run first: it shows how the file was read and the first ratings as they will be
stored.

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

Rows without a rating_id get one made of all their columns, whatever is mapped, and of how many
rows before were the same: importing a file again with another --map replaces its ratings and
doubles none, as long as customer_id and occurred_at stay (satisflow verify finds where they did
not). --id-column makes the id of some columns, where others change from export to export.
Rows without a time get one by --spread FROM..TO, which depends on their rating_id and the span
alone: dates or RFC 3339 times, or days from today in UTC such as -27d..0d, which mean the same
all day long. Another import of the same ratings needs the same span; it is printed.

Times are read as most tools write them: 2026-11-20 09:30, 2026/11/20 上午9:30, 9:30:12 AM GMT+8,
20.11.2026 15:05, with Z, UTC, +08:00, +0800 or +00. Where the text can mean two things, or is a
number, --time-layout says which (Go or strptime, or unix, unix-ms, excel), --time-zone whose
clock it was. Values that a spreadsheet spoiled or that can mean two things are rejected, with
the option that says what was meant.

Every row is judged as the processor will do it. What is wrong with the rejected ones stands,
with the rows, in the report.

Exit codes: 0 all rows are in Kafka, 1 some were rejected or the file has no proper end, 2 wrong
arguments or not a file of ratings, 3 Kafka is not there, 130 interrupted.`,
		Example: `  satisflow import ratings.csv --map customer_id=member --map service==legal_consulting
  satisflow import old.ndjson.zst --history --dry-run
  satisflow import --encoding gb18030 --time-zone Asia/Shanghai 评价.csv
  satisflow import nps.csv --map rating=score --scale 0..10 --time-layout '%m/%d/%Y %H:%M' --time-zone America/New_York
  satisflow import umfrage.csv --delimiter ';' --decimal-comma --time-zone Europe/Berlin
  satisflow import csat.csv --preset chatwoot --map service==after_sales --dry-run
  satisflow import presets show zendesk > mine.yaml && satisflow import ratings.json --preset-file mine.yaml`,
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
	f.StringVar(&opt.preset, "preset", "", "mapping of a product's export: "+strings.Join(importer.PresetNames(), ", "))
	f.StringVar(&opt.presetFile, "preset-file", "", "file with a mapping of your own, such as one that presets show prints")
	f.StringArrayVar(&opt.Ignore, "ignore", nil, "column=text: leave out rows with it; text may end in *, column= is an empty one; repeatable")
	f.StringArrayVar(&opt.IDColumns, "id-column", nil, "column that rating_ids are made of, in place of all; repeatable")
	f.StringVar(&opt.Rows, "rows", "", "in JSON, where the array of rows is within an object, such as data.ratings")
	f.StringVar(&opt.Delimiter, "delimiter", "", "of CSV: one character, or "+strings.Join(importer.DelimiterNames(), ", ")+" (default: what the header has)")
	f.StringVar(&opt.Sheet, "sheet", "", "of an Excel workbook (default: the first)")
	f.IntVar(&opt.SkipLines, "skip-lines", 0, "lines of CSV to pass over before the header")
	f.IntVar(&opt.HeaderRows, "header-rows", 0, "rows of CSV that make the header (default 1)")
	f.StringArrayVar(&opt.TimeLayouts, "time-layout", nil, "how times are written: Go, strptime, unix, unix-ms or excel; repeatable, the first that fits")
	f.StringVar(&opt.Scale, "scale", "", "MIN..MAX, worst to best score, of ratings that are not 1..5")
	f.BoolVar(&opt.comma, "decimal-comma", false, "numbers are written 1.234,5; =false says that 1.250 is one and a quarter")
	f.StringVar(&opt.IDs, "ids", "", "text: take ids as they stand, also 4.6E+17; clean: without invisible and full-width characters")
	f.StringVar(&opt.Spread, "spread", "", "FROM..TO: spread rows without a time over this span")
	f.StringVar(&opt.TimeZone, "time-zone", "", "zone of times that are written without one, such as Asia/Shanghai")
	f.StringVar(&opt.Format, "format", "", "csv, ndjson, json or xlsx, where the file does not tell")
	f.StringVar(&opt.Encoding, "encoding", "", "encoding of the file, such as gb18030 (default utf-8)")
	f.BoolVar(&opt.History, "history", false, "take ratings older than the horizon (admission.horizon), up to the retention")
	f.BoolVar(&opt.dryRun, "dry-run", false, "judge all rows and send none; Kafka is not needed")
	f.Int64Var(&opt.Limit, "limit", 0, "read at most so many rows")
	f.StringVar(&opt.report, "report", "", "file for the rejected rows (default FILE.rejected.ndjson, made when there are any)")
	f.DurationVar(&opt.wait, "wait", deliver.DefaultConfig().GiveUp, "how long to wait for Kafka when it goes away meanwhile; 0s is for ever")
	f.BoolVar(&opt.json, "json", false, "print the summary as JSON")
	_ = cmd.RegisterFlagCompletionFunc("preset", completePresets)
	for name, values := range map[string][]string{"format": importer.Formats(), "encoding": importer.EncodingNames(), "delimiter": importer.DelimiterNames(),
		"ids": {"text", "clean"}, "time-layout": {"unix", "unix-ms", "excel"}} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	cmd.AddCommand(newPresetsCommand(s))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		if err := opt.settle(cmd); err != nil {
			return usageError(err)
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

// settle reads the preset, and flags whose absence says something.
func (o *importing) settle(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("decimal-comma") {
		o.Decimal = map[bool]string{true: "comma", false: "point"}[o.comma]
	}
	switch {
	case o.preset != "" && o.presetFile != "":
		return errors.New("--preset and --preset-file: want one of them")
	case o.preset != "":
		o.Preset, err = importer.LoadPreset(o.preset)
	case o.presetFile != "":
		o.Preset, err = importer.LoadPresetFile(o.presetFile)
	}
	return err
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
	case summary.Wanting():
		return errDiffers
	}
	return nil
}
