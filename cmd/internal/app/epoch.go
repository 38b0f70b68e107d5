package app

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"satisflow/sinks/clickhouse"
	metrics "satisflow/sinks/prometheus"
)

// epochEvery is how often a process asks which epoch is the current one.
const epochEvery = 5 * time.Second

// epochPart shows in the metrics which epoch readers follow. While ClickHouse does not answer it shows the last one.
func epochPart(current *metrics.CurrentEpoch, conn driver.Conn, log zerolog.Logger) part {
	return part{name: "current epoch", run: func(ctx context.Context) error {
		failed := false
		for {
			asked, cancel := context.WithTimeout(ctx, epochEvery)
			number, since, found, err := clickhouse.CurrentSince(asked, conn)
			cancel()
			switch {
			case err != nil && !failed && ctx.Err() == nil:
				log.Warn().Err(err).Msg("cannot read which epoch is the current one: the metrics show the last one")
			case found:
				current.Set(number, since)
			}
			failed = err != nil
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(epochEvery):
			}
		}
	}}
}
