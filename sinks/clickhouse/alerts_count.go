package clickhouse

import (
	"context"
	"fmt"
	"time"
)

// AlertCounts are the numbers of all alerts about which somebody still has to do something.
type AlertCounts struct {
	Active         int64 // open, acknowledged or contacted
	Unacknowledged int64 // open
	Critical       int64
	Overdue        int64 // of which a due time that still runs has passed
}

// Counts counts the alerts about which somebody still has to do something, as they are at the time.
func (s *Alerts) Counts(ctx context.Context, at time.Time) (c AlertCounts, err error) {
	err = each(ctx, s.conn, fmt.Sprintf(`SELECT toInt64(count()), toInt64(countIf(state = 'open')), toInt64(countIf(severity = 'critical')), toInt64(countIf(%s))
FROM customer_satisfaction_alerts FINAL
WHERE state < 'resolved'`, overdue(at)), []any{&c.Active, &c.Unacknowledged, &c.Critical, &c.Overdue}, func() {})
	return c, failed(err, "count the alerts")
}
