package app

import (
	"context"
	"errors"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/sinks/clickhouse"
)

// textBesideGateway removes what people wrote on alerts from a process that is no gateway. It takes the gateway's lease, so
// that none starts to act on an alert that it has read before. Where a gateway runs, that has it: an action that it had begun
// may put a text back, which is why package erasure looks again.
type textBesideGateway struct{ conn driver.Conn }

func (t textBesideGateway) EraseText(ctx context.Context, of clickhouse.Subjects) (alerts uint64, err error) {
	if n, err := clickhouse.NewErasures(t.conn, "").AlertsWithText(ctx, of); err != nil || n == 0 {
		return 0, err
	}
	text := clickhouse.NewAlerts(t.conn)
	err = clickhouse.NewLease(t.conn, clickhouse.GatewayLease, clickhouse.Holder()).Hold(ctx, func(ctx context.Context) (err error) {
		alerts, err = text.EraseText(ctx, of)
		return err
	})
	var held *clickhouse.HeldError
	if errors.As(err, &held) {
		return text.EraseText(ctx, of)
	}
	return alerts, err
}
