package clickhouse

import (
	"context"
	"maps"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/window"
)

// background marks the context of queries that nobody waits for.
type background struct{}

// backgroundSettings hold for these.
var backgroundSettings = func() clickhouse.Settings {
	s := maps.Clone(readSettings)
	s["max_threads"], s["priority"] = 1, 10
	return s
}()

// moreSettings marks the context of queries with settings of their own.
type moreSettings struct{}

// each runs the query and calls yield for each row, which dest then holds.
func each(ctx context.Context, conn driver.Conn, query string, dest []any, yield func()) error {
	settings := readSettings
	if ctx.Value(background{}) != nil {
		settings = backgroundSettings
	}
	if more, ok := ctx.Value(moreSettings{}).(clickhouse.Settings); ok {
		settings = maps.Clone(settings)
		maps.Copy(settings, more)
	}
	rows, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), query)
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
