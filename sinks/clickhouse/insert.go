package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// insertSettings hold for every insert: it is acknowledged when it is durable, in one piece per month, and replacing is
// left to merges and FINAL, which costs half as much.
var insertSettings = clickhouse.Settings{
	"async_insert":                    0,
	"optimize_on_insert":              0,
	"max_partitions_per_insert_block": 0, // a flush of imported history touches many months
	"max_insert_threads":              1, // of equal versions in one insert the last one stays
}

// chunk is how many rows are turned into columns at once: few enough that they stay in the processor's cache.
const chunk = 4096

// field is a column of an insert: how it is sent and where a row's value comes from.
type field[R any] struct {
	name  string
	typ   string                 // as sent; the server converts it to the table's type
	empty func(rows []R) bool    // whether the column can be left to its default; nil when it cannot
	fill  func(rows []R) any     // the values of a chunk, valid until the next call
	rows  func(rows []R) rowwise // in place of fill, for values that the client takes one by one
}

// rowwise gives the value of the i-th row.
type rowwise func(i int) any

// inserter writes rows to one table. It is safe for concurrent use, one insert at a time.
type inserter[R any] struct {
	conn   driver.Conn
	table  string
	fields []field[R]

	mu sync.Mutex // guards the buffers in the fields
}

// insert writes the rows in one block. Without rows it does nothing.
func (in *inserter[R]) insert(ctx context.Context, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	fields := slices.DeleteFunc(slices.Clone(in.fields), func(f field[R]) bool { return f.empty != nil && f.empty(rows) })
	batch, err := in.prepare(ctx, fields)
	if err != nil {
		return failed(err, "prepare insert of %d rows into %s", len(rows), in.table)
	}
	defer batch.Close()
	for part := range slices.Chunk(rows, chunk) {
		if err := appendChunk(batch, fields, part); err != nil {
			return permanentf("encode rows for %s: %w", in.table, err)
		}
	}
	return failed(batch.Send(), "insert %d rows into %s", len(rows), in.table)
}

// prepare begins the insert. The types are given so that, over HTTP, no table has to be described first.
func (in *inserter[R]) prepare(ctx context.Context, fields []field[R]) (driver.Batch, error) {
	names := make([]string, len(fields))
	types := make([]clickhouse.ColumnNameAndType, len(fields))
	for i, f := range fields {
		names[i] = "`" + f.name + "`"
		types[i] = clickhouse.ColumnNameAndType{Name: f.name, Type: f.typ}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings), clickhouse.WithColumnNamesAndTypes(types))
	return in.conn.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s (%s)", in.table, strings.Join(names, ", ")))
}

func appendChunk[R any](batch driver.Batch, fields []field[R], rows []R) error {
	for i, f := range fields {
		col := batch.Column(i)
		if f.rows == nil {
			if err := col.Append(f.fill(rows)); err != nil {
				return fmt.Errorf("column %s: %w", f.name, err)
			}
			continue
		}
		value := f.rows(rows)
		for j := range rows {
			if err := col.AppendRow(value(j)); err != nil {
				return fmt.Errorf("column %s: %w", f.name, err)
			}
		}
	}
	return nil
}

// values returns a column of plain values, whose buffer is used again for each chunk.
func values[R, V any](name, typ string, of func(*R) V) field[R] {
	buf := make([]V, 0, chunk)
	return field[R]{name: name, typ: typ, fill: func(rows []R) any {
		buf = buf[:0]
		for i := range rows {
			buf = append(buf, of(&rows[i]))
		}
		return buf
	}}
}

// mapping returns a column of maps, left out of an insert in which all are empty.
func mapping[R any](name, typ string, size func(*R) int, entry func(r *R, i int) (key string, value any)) field[R] {
	return field[R]{
		name: name, typ: typ,
		empty: func(rows []R) bool { return !slices.ContainsFunc(rows, func(r R) bool { return size(&r) > 0 }) },
		rows: func(rows []R) rowwise {
			return func(i int) any {
				r := &rows[i]
				return &entries{size: size(r), entry: func(j int) (string, any) { return entry(r, j) }}
			}
		},
	}
}

// entries is one map as the client takes it: in an order, and without a Go map.
type entries struct {
	at    int
	size  int
	entry func(i int) (key string, value any)
}

var _ column.IterableOrderedMap = (*entries)(nil)

func (e *entries) Put(any, any)                 {} // for reading; never called by an insert
func (e *entries) Iterator() column.MapIterator { e.at = -1; return e }
func (e *entries) Next() bool                   { e.at++; return e.at < e.size }
func (e *entries) Key() any                     { key, _ := e.entry(e.at); return key }
func (e *entries) Value() any                   { _, value := e.entry(e.at); return value }
