package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/load"
	"satisflow/cmd/internal/operate/deliver"
)

// generating are the flags of generate.
type generating struct {
	load.Config
	url  string
	wait time.Duration
	json bool
}

func newGenerateCommand(s *shell) *cobra.Command {
	opt := generating{Config: load.DefaultConfig()}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Send believable synthetic ratings, at a rate",
		Long: `Send synthetic ratings to Kafka, or by the API: customers of different sizes, comments in Chinese
and English, and a share of each thing that goes wrong in life: records that come twice,
corrections, erasures, late ratings, and bad ones, which must be rejected. The same seed and
rate give the same ratings but for their time and identity.

At no time were more records sent than the rate allows. At the end it prints what was sent, and
for which reason each bad record must be rejected: compare it with the processor's counters.
The reasons hold for the default horizon, and by Kafka; the API answers a bad record itself.

Exit codes: 0 done, 1 the API took or refused what it should not, 2 wrong arguments, 3 Kafka
or the API is not there, 130 interrupted.`,
		Example: `  satisflow generate --rate 500 --for 1m --seed 1
  satisflow generate --rate 0 --count 1000000 --bad 0.01 --json
  satisflow generate --url http://127.0.0.1:8080 --rate 1000 --for 1m`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	shorthand(cmd, "brokers", "kafka.brokers", "addresses of Kafka, host:port")
	shorthand(cmd, "topic", "kafka.topic", "topic of the ratings")
	shorthand(cmd, "services", "event.services", "services to rate")
	f := cmd.Flags()
	f.StringVar(&opt.url, "url", "", "send by the API of this gateway, such as http://127.0.0.1:8080, in place of Kafka")
	f.Float64Var(&opt.Rate, "rate", opt.Rate, "records a second; 0 is as fast as they are taken")
	f.DurationVar(&opt.For, "for", opt.For, "how long; with --count alone, until so many were sent")
	f.Int64Var(&opt.Count, "count", 0, "how many records at most")
	f.Uint64Var(&opt.Ratings.Seed, "seed", opt.Ratings.Seed, "what the ratings are drawn by")
	f.IntVar(&opt.Ratings.Customers, "customers", opt.Ratings.Customers, "how many customers there are")
	f.Float64Var(&opt.Ratings.Duplicates, "duplicates", opt.Ratings.Duplicates, "share of records that come again")
	f.Float64Var(&opt.Ratings.Corrections, "corrections", opt.Ratings.Corrections, "share of records that correct an earlier rating")
	f.Float64Var(&opt.Ratings.Erasures, "erasures", opt.Ratings.Erasures, "share of records that erase an earlier rating")
	f.Float64Var(&opt.Ratings.Late, "late", opt.Ratings.Late, "share of ratings that come minutes to days late")
	f.Float64Var(&opt.Ratings.Bad, "bad", opt.Ratings.Bad, "share of records that must be rejected")
	f.DurationVar(&opt.wait, "wait", time.Minute, "how long to wait when Kafka or the API goes away meanwhile")
	f.BoolVar(&opt.json, "json", false, "print what was sent as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		if f.Changed("count") && !f.Changed("for") {
			opt.For = 0
		}
		if opt.url != "" && (f.Changed("brokers") || f.Changed("topic")) {
			return usageError(errors.New("--url sends by the API: want no --brokers and no --topic with it"))
		}
		return s.generate(cmd.Context(), &loaded.Config, opt)
	}
	return cmd
}

func (s *shell) generate(ctx context.Context, cfg *config.Config, opt generating) error {
	opt.Ratings.Event = cfg.Event
	if err := opt.Validate(); err != nil {
		return usageError(err)
	}
	target, end, err := s.target(ctx, cfg, opt)
	if err != nil {
		return err
	}
	defer end()
	bar := load.NewBar(s.stderr, opt.Config)
	var progress load.Progress
	if bar != nil {
		progress = bar
	}
	summary, err := load.Run(ctx, opt.Config, target, progress)
	if bar != nil {
		bar.Close()
	}
	return s.generated(summary, err, opt.json)
}

// target returns where the records go, and what ends it.
func (s *shell) target(ctx context.Context, cfg *config.Config, opt generating) (target load.Target, end func(), err error) {
	if opt.url != "" {
		told := false
		target, err := load.NewHTTP(&http.Client{Timeout: time.Minute}, opt.url, opt.wait, func(err error) {
			if !told {
				fmt.Fprintf(s.stderr, "waiting for the API: %v\n", err)
			}
			told = true
		})
		if err != nil {
			return nil, nil, usageError(err)
		}
		return target, func() {}, nil
	}
	delivery := deliver.DefaultConfig()
	if delivery.GiveUp = opt.wait; delivery.Validate() != nil {
		return nil, nil, usageError(delivery.Validate())
	}
	pc := cfg.Kafka.ProducerConfig()
	pc.MaxMessageBytes = max(pc.MaxMessageBytes, mostBytes)
	producer, err := openTopic(ctx, cfg.Kafka, pc)
	if err != nil {
		return nil, nil, err
	}
	return &load.Kafka{Sender: deliver.New(producer, delivery, outages(s.stderr))}, func() { _ = producer.Close() }, nil
}

// mostBytes is what a topic takes by default, and so the comments of a million characters among the bad records.
const mostBytes = 1_040_000

// generated prints what was sent.
func (s *shell) generated(summary load.Summary, err error, asJSON bool) error {
	printing := s.printSummary(&summary, asJSON)
	switch {
	case errors.Is(err, load.ErrUnreachable):
		return unavailable(err)
	case err != nil:
		return sendingError(err)
	case printing != nil:
		return printing
	case summary.Unexpected > 0:
		return errDiffers
	}
	return nil
}
