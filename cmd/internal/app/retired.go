package app

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/sinks/clickhouse"
)

// retiredPart ends a processor whose epoch was replaced or dropped, lest it goes on with figures that nobody reads while the
// epoch that they read gets none. Started again it takes the epoch that its configuration fits.
func retiredPart(conn driver.Conn, number uint32) part {
	return part{name: "epoch", run: func(ctx context.Context) error {
		for {
			asked, cancel := context.WithTimeout(ctx, epochEvery)
			err := retired(asked, conn, number)
			cancel()
			if err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(epochEvery):
			}
		}
	}}
}

// retired returns an error when the epoch is retired; an outage of ClickHouse is none.
func retired(ctx context.Context, conn driver.Conn, number uint32) error {
	epochs, err := clickhouse.Epochs(ctx, conn)
	if err != nil {
		return nil
	}
	var current uint32
	gone := false
	for _, e := range epochs {
		if e.State == clickhouse.Current {
			current = e.Number
		}
		gone = gone || e.Number == number && e.State == clickhouse.Retired
	}
	if !gone {
		return nil
	}
	return fmt.Errorf("epoch %d is retired, readers follow epoch %d: this processor ends; started again it works on epoch %d, if its configuration fits. "+
		"processor.epoch: %d keeps epoch %d up for switching back", number, current, current, number, number)
}
