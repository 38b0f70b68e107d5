package load

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"satisflow/pipeline/event"
	"satisflow/pipeline/eventgen"
)

// DemoConfig says what the demo shows.
type DemoConfig struct {
	Seed  uint64
	Event event.Config
	// Pace is how many times as fast as the history live records come.
	Pace float64
	// History says whether 28 days of ratings come first; without it there are live ones only, as after a restart.
	History bool
	// HistorySent is called when the history is in Kafka; its error ends the demo. May be nil.
	HistorySent func() error
}

// DefaultDemoConfig has the history, and live records at the pace of it: some thirteen an hour.
func DefaultDemoConfig(ec event.Config) DemoConfig {
	return DemoConfig{Seed: 1, Event: ec, Pace: 1, History: true}
}

// Demo sends 28 days of believable history that ends now, as fast as it is taken, then live ratings until ctx ends, whose error
// it returns. The history is some 9,000 records; package eventgen tells its story.
func Demo(ctx context.Context, cfg DemoConfig, sender Sender, now time.Time, log zerolog.Logger) error {
	if cfg.History {
		start := time.Now()
		target := &Kafka{Sender: sender, Replayed: true}
		sent, err := history(ctx, eventgen.New(eventgen.DemoHistory(cfg.Seed, now, cfg.Event)), now, target)
		if err != nil {
			return err
		}
		if _, err := target.Send(ctx, eventgen.DemoIncident(cfg.Seed, now, cfg.Event)); err != nil {
			return err
		}
		log.Info().Int("records", sent).Dur("took_ms", time.Since(start)).Msg("the demo's history is in Kafka; live ratings follow")
		if cfg.HistorySent != nil {
			if err := cfg.HistorySent(); err != nil {
				return err
			}
		}
	}
	p := pace{start: now, rate: mostLive} // a record is due at its own time, as days are busier than nights
	nothing := func([]eventgen.Item, int, time.Duration) {}
	return p.send(ctx, eventgen.New(eventgen.DemoLive(cfg.Seed, now, cfg.Pace, cfg.Event)), &Kafka{Sender: sender}, nothing)
}

// mostLive bounds live records a second.
const mostLive = 10_000

// history sends all records until the end.
func history(ctx context.Context, g *eventgen.Generator, end time.Time, target Target) (sent int, err error) {
	var items []eventgen.Item
	flush := func() error {
		_, err := target.Send(ctx, items)
		sent, items = sent+len(items), nil
		return err
	}
	for it := range g.Until(end) {
		if items = append(items, it); len(items) == batchItems {
			if err := flush(); err != nil {
				return sent, err
			}
		}
	}
	return sent, flush()
}
