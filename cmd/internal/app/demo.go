package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
	"satisflow/cmd/internal/dev/load"
	"satisflow/cmd/internal/operate/deliver"
	"satisflow/pipeline/source"
)

// demoMark is the file in the data folder that says that the demo's history is there.
const demoMark = "demo"

// newDemo is the part that sends believable ratings: 28 days of history once for each data folder, then live ones.
func newDemo(cfg *config.Config, dir *devstack.Dir, pace float64, down *teardown, log zerolog.Logger) (part, error) {
	_, missing := os.Stat(dir.Path(demoMark))
	producer, err := source.NewProducer(cfg.Kafka.Config, cfg.Kafka.ProducerConfig())
	if err != nil {
		return part{}, fmt.Errorf("kafka: %w", err)
	}
	down.add(func(context.Context) error { return producer.Close() })
	demo := load.DefaultDemoConfig(cfg.Event)
	demo.Pace = pace
	demo.History = errors.Is(missing, os.ErrNotExist)
	demo.HistorySent = func() error {
		_, err := dir.Write(demoMark, []byte("the history of --demo was sent\n"))
		return err
	}
	sender := deliver.New(producer, deliver.DefaultConfig(), deliver.Hooks{})
	return part{name: "demo", run: func(ctx context.Context) error {
		return load.Demo(ctx, demo, sender, time.Now(), log)
	}}, nil
}

// demoWeights are how much the customers of the demo count: those of a large one count for more.
var demoWeights = []string{"segment:enterprise=2", "segment:mid_market=1.5"}

// wantDemo refuses a pace that is none, and a Kafka that is not the demo's own.
func (o *devOptions) wantDemo(loaded *config.Loaded) error {
	switch {
	case o.demo && loaded.IsSet("kafka.brokers"):
		return fmt.Errorf("--demo sends synthetic ratings and so goes to the embedded Kafka only: leave out kafka.brokers (%s)", loaded.From("kafka.brokers"))
	case !(o.demoPace > 0 && o.demoPace <= mostDemoPace):
		return fmt.Errorf("--demo-pace %v: want more than 0, and at most %d", o.demoPace, mostDemoPace)
	}
	return nil
}

const mostDemoPace = 100_000
