package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/deliver"
	"satisflow/cmd/internal/devstack"
	"satisflow/cmd/internal/load"
	"satisflow/pipeline/source"
)

// demoMark is the file in the data folder that says that the demo's history is there.
const demoMark = "demo"

// newDemo is the part that sends believable ratings: 28 days of history once for each data folder, then live ones.
func newDemo(cfg *config.Config, dir *devstack.Dir, down *teardown, log zerolog.Logger) (part, error) {
	_, missing := os.Stat(dir.Path(demoMark))
	producer, err := source.NewProducer(cfg.Kafka.Config, cfg.Kafka.ProducerConfig())
	if err != nil {
		return part{}, fmt.Errorf("kafka: %w", err)
	}
	down.add(func(context.Context) error { return producer.Close() })
	demo := load.DefaultDemoConfig(cfg.Event)
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
