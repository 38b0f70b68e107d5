package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	typ   string              // as sent; the server converts it to the table's type
	empty func(rows []R) bool // whether the column can be left to its default; nil when it cannot
	fill  func(rows []R) any  // a slice of the values of a chunk, valid until the next call
	maps  func(*R) *entries   // in place of fill, for a column of maps
}

// inserter writes rows to one table. It is safe for concurrent use, one insert at a time.
//
// Over HTTP it encodes the rows itself, into buffers that are used again: the client's batches take four times the CPU.
// The native protocol has only these.
type inserter[R any] struct {
	conn   driver.Conn
	table  string
	fields []field[R]

	mu      sync.Mutex // guards what follows, and the buffers in the fields
	batches bool       // whether the client's batches are used
	block   block
}

// insert writes the rows in one block. Without rows it does nothing.
func (in *inserter[R]) insert(ctx context.Context, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	fields := slices.DeleteFunc(slices.Clone(in.fields), func(f field[R]) bool { return f.empty != nil && f.empty(rows) })
	if !in.batches {
		err := in.send(ctx, fields, rows)
		if !errors.Is(err, clickhouse.ErrFormatNativeUnsupported) {
			return failed(err, "insert %d rows into %s", len(rows), in.table)
		}
		in.batches, in.block = true, block{}
	}
	return failed(in.sendBatch(ctx, fields, rows), "insert %d rows into %s", len(rows), in.table)
}

// statement returns the insert's text.
func (in *inserter[R]) statement(fields []field[R]) string {
	return fmt.Sprintf("INSERT INTO %s (%s)", in.table, list(fields, func(f field[R]) string { return "`" + f.name + "`" }))
}

// send inserts the rows over HTTP.
func (in *inserter[R]) send(ctx context.Context, fields []field[R], rows []R) error {
	in.block.reset(len(fields), len(rows))
	for i, f := range fields {
		in.block.columns[i].begin(f.name, f.typ)
	}
	for part := range slices.Chunk(rows, chunk) {
		for i, f := range fields {
			if err := f.encode(&in.block.columns[i], part); err != nil {
				return permanentf("column %s: %w", f.name, err)
			}
		}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings))
	err := in.conn.InsertFormat(ctx, "Native", in.statement(fields), in.block.reader())
	if err != nil || in.block.size() > keptBytes {
		in.block = block{} // after an error the HTTP client may still read from the old one
	}
	return err
}

// sendBatch inserts the rows by a batch of the client. The types are given so that no table has to be described first.
func (in *inserter[R]) sendBatch(ctx context.Context, fields []field[R], rows []R) error {
	types := make([]clickhouse.ColumnNameAndType, len(fields))
	for i, f := range fields {
		types[i] = clickhouse.ColumnNameAndType{Name: f.name, Type: f.typ}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings), clickhouse.WithColumnNamesAndTypes(types))
	batch, err := in.conn.PrepareBatch(ctx, in.statement(fields))
	if err != nil {
		return err
	}
	defer batch.Close()
	for part := range slices.Chunk(rows, chunk) {
		for i, f := range fields {
			if err := f.batch(batch.Column(i), part); err != nil {
				return permanentf("column %s: %w", f.name, err)
			}
		}
	}
	return batch.Send()
}

// encode adds the rows' values to the column.
func (f *field[R]) encode(c *columnBuffer, rows []R) error {
	if f.maps == nil {
		return c.appendValues(f.typ, f.fill(rows))
	}
	for i := range rows {
		if err := c.appendMap(f.maps(&rows[i])); err != nil {
			return err
		}
	}
	return nil
}

// batch adds the rows' values to the column of a batch.
func (f *field[R]) batch(c driver.BatchColumn, rows []R) error {
	if f.maps == nil {
		return c.Append(f.fill(rows))
	}
	for i := range rows {
		if err := c.AppendRow(f.maps(&rows[i])); err != nil {
			return err
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
		empty: func(rows []R) bool {
			for i := range rows {
				if size(&rows[i]) > 0 {
					return false
				}
			}
			return true
		},
		maps: func(r *R) *entries {
			return &entries{size: size(r), entry: func(i int) (string, any) { return entry(r, i) }}
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
