package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// need is what a command needs of another part before it can begin.
type need struct {
	part  string // as checks and metrics name it
	what  string // for people
	shown error  // what answers over HTTP say in place of the error; nil for the error
}

var clickhouseNeed = need{part: "clickhouse", what: "ClickHouse", shown: errNoAnswer}

func kafkaNeed(cfg config.Kafka) need {
	return need{part: "kafka", what: fmt.Sprintf("Kafka with the topic %s (--migrate makes it where it is missing)", cfg.Topic)}
}

// patience is how long a command waits at its start for Kafka and ClickHouse, which may start at the same time.
const patience = time.Minute

// The wait between two attempts doubles from the least to the most; how long it lasts is said at these times.
const (
	waitLeast = time.Second
	waitMost  = 10 * time.Second
	waitSaid  = time.Minute
)

// waiter waits for what a command needs.
type waiter struct {
	patience time.Duration           // 0 waits without limit, as roles do
	told     func(n need, err error) // of every attempt; nil for nobody
	log      zerolog.Logger
}

// impatient waits for as long as a person at a terminal does.
func impatient(log zerolog.Logger) waiter { return waiter{patience: patience, log: log} }

// await tries until it succeeds, meets an error that no retry can mend, has waited for long enough, or the context ends.
func (w waiter) await(ctx context.Context, n need, try func(ctx context.Context) error) error {
	begin, wait := time.Now(), waitLeast
	var said time.Time
	for {
		err := try(ctx)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if w.told != nil {
			w.told(n, err)
		}
		waited := time.Since(begin)
		switch {
		case err == nil:
			if !said.IsZero() {
				w.log.Info().Dur("waited", waited).Msgf("%s is there", n.what)
			}
			return nil
		case isFinal(err):
			return err
		case w.patience > 0 && waited >= w.patience:
			return unavailable(fmt.Errorf("%w: waited %s for %s: start it, or correct its address", err, w.patience, n.what))
		case said.IsZero() || time.Since(said) >= waitSaid:
			said = time.Now()
			w.log.Warn().Err(err).Dur("waited", waited).Msgf("waiting for %s", n.what)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, waitMost)
	}
}

// isFinal says whether the error is one that no retry can mend: it has the exit code of a wrong configuration already, or
// the other part has refused.
func isFinal(err error) bool {
	var coded codedError
	return errors.As(err, &coded) || clickhouse.IsPermanent(err) || source.IsPermanent(err) || source.IsRefused(err)
}
