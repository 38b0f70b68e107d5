package clickhouse

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/window"
)

// each runs the query and calls yield for each row, which dest then holds.
func each(ctx context.Context, conn driver.Conn, query string, dest []any, yield func()) error {
	rows, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(readSettings)), query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		yield()
	}
	return rows.Err()
}

// destinations returns where a row's sums are scanned to, in the order of the columns.
func destinations(columns []sumColumn, s *window.Sums) []any {
	dest := make([]any, len(columns))
	for i, c := range columns {
		dest[i] = c.of(s)
	}
	return dest
}
