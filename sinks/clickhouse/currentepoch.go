package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// CurrentSince returns the epoch that readers follow and when its row was last written, which is when it was made current
// or later; false when there is none yet.
func CurrentSince(ctx context.Context, conn driver.Conn) (number uint32, since time.Time, found bool, err error) {
	rows, err := epochRows(ctx, conn)
	for _, r := range rows {
		if EpochState(r.State) == Current {
			number, since, found = r.Epoch, time.UnixMicro(int64(r.Version)), true
		}
	}
	return number, since, found, err
}
