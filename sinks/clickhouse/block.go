package clickhouse

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// keptBytes is up to how large the buffers of one table are kept for its next insert.
const keptBytes = 64 << 20

// block is the rows of one insert in ClickHouse's Native format. Its buffers are used again.
type block struct {
	header  []byte
	columns []columnBuffer
}

// columnBuffer is one column of a block. Arrays and maps have their ends first, then their keys, then their values.
type columnBuffer struct {
	head, ends, keys, values []byte
	entries                  uint64 // in the arrays or maps so far
}

func (b *block) reset(columns, rows int) {
	b.header = binary.AppendUvarint(binary.AppendUvarint(b.header[:0], uint64(columns)), uint64(rows))
	for len(b.columns) < columns {
		b.columns = append(b.columns, columnBuffer{})
	}
	b.columns = b.columns[:columns]
	for i := range b.columns {
		c := &b.columns[i]
		*c = columnBuffer{c.head[:0], c.ends[:0], c.keys[:0], c.values[:0], 0}
	}
}

// reader returns the block's bytes, which must not change before they have been read.
func (b *block) reader() io.Reader {
	parts := net.Buffers{b.header}
	for i := range b.columns {
		c := &b.columns[i]
		parts = append(parts, c.head, c.ends, c.keys, c.values)
	}
	return &parts
}

// size returns the bytes that the buffers hold on to.
func (b *block) size() (n int) {
	for i := range b.columns {
		c := &b.columns[i]
		n += cap(c.ends) + cap(c.keys) + cap(c.values)
	}
	return n
}

func (c *columnBuffer) begin(name, typ string) {
	c.head = appendText(appendText(c.head, name), typ)
}

// appendValues adds a slice of values, of a column sent as the type.
func (c *columnBuffer) appendValues(typ string, values any) error {
	switch values := values.(type) {
	case []int64:
		c.values = appendInt64s(c.values, typ, values)
	case []uint64:
		c.values = appendEach(c.values, values, binary.LittleEndian.AppendUint64)
	case []uint32:
		c.values = appendEach(c.values, values, binary.LittleEndian.AppendUint32)
	case []int32:
		c.values = appendEach(c.values, values, func(b []byte, v int32) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) })
	case []uint16:
		c.values = appendEach(c.values, values, binary.LittleEndian.AppendUint16)
	case []bool:
		c.values = appendEach(c.values, values, appendBool)
	case []string:
		c.values = appendEach(c.values, values, appendText)
	case [][]string:
		for _, array := range values {
			c.values = appendEach(c.values, array, appendText)
			c.end(len(array))
		}
	case [][]int64:
		for _, array := range values {
			c.values = appendInt64s(c.values, typ, array)
			c.end(len(array))
		}
	default:
		return fmt.Errorf("a %T cannot be sent as %s", values, typ)
	}
	return nil
}

// appendMap adds one map.
func (c *columnBuffer) appendMap(m *entries) error {
	for m.at = 0; m.at < m.size; m.at++ {
		key, value := m.entry(m.at)
		c.keys = appendText(c.keys, key)
		switch value := value.(type) {
		case string:
			c.values = appendText(c.values, value)
		case int64:
			c.values = binary.LittleEndian.AppendUint64(c.values, uint64(value))
		default:
			return fmt.Errorf("a %T cannot be the value of a map", value)
		}
	}
	c.end(m.size)
	return nil
}

// end marks the end of an array or map of as many entries.
func (c *columnBuffer) end(size int) {
	c.entries += uint64(size)
	c.ends = binary.LittleEndian.AppendUint64(c.ends, c.entries)
}

func appendEach[V any](b []byte, values []V, one func([]byte, V) []byte) []byte {
	for _, v := range values {
		b = one(b, v)
	}
	return b
}

func appendInt64s(b []byte, typ string, values []int64) []byte {
	if typ == typeSeconds {
		return appendEach(b, values, func(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) })
	}
	return appendEach(b, values, func(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) })
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
