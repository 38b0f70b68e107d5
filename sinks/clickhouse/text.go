package clickhouse

import (
	"strconv"
	"strings"
)

var quoting = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// quote returns the text as a literal of ClickHouse's SQL.
func quote(s string) string { return "'" + quoting.Replace(s) + "'" }

// list returns the items' literals with commas between them.
func list[T any](items []T, literal func(T) string) string {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(literal(item))
	}
	return b.String()
}

func integer[I ~int32 | ~int64 | ~uint32](i I) string { return strconv.FormatInt(int64(i), 10) }
