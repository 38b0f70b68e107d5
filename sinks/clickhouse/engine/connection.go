//go:build linux && !noengine

package engine

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// connection is one session of the engine. It serves one request and is closed; it is not safe for concurrent use.
type connection struct {
	lib    *binding
	handle *unsafe.Pointer
}

// connect opens a session; the first one opens the data folder, and the last close shuts it.
func (b *binding) open(args []string) (*connection, error) {
	argv := arguments(append([]string{"clickhouse"}, args...))
	handle := b.connect(int32(len(argv)-1), &argv[0])
	runtime.KeepAlive(argv)
	if handle == nil || *handle == nil {
		return nil, fmt.Errorf("connect to clickhouse engine with %q: refused; the log above says why", args)
	}
	return &connection{lib: b, handle: handle}, nil
}

func (c *connection) close() { c.lib.closeConn(c.handle) }

// tally is what a statement did, for the summary header.
type tally struct{ rows, bytes, rowsRead, bytesRead, rowsWritten, bytesWritten uint64 }

// exec runs a statement that has no result.
func (c *connection) exec(sql string) error {
	_, _, err := c.query(sql, "Null", nil)
	return err
}

// query runs any statement without INSERT data and returns its whole result.
func (c *connection) query(sql, format string, params parameters) ([]byte, tally, error) {
	return c.take(call(c.lib.query, *c.handle, sql, format, params))
}

// take copies and frees a result.
func (c *connection) take(result unsafe.Pointer) ([]byte, tally, error) {
	if result == nil {
		return nil, tally{}, nil
	}
	defer c.lib.destroyResult(result)
	if message := text(c.lib.resultError(result)); message != "" {
		return nil, tally{}, parseException(message)
	}
	data := append([]byte(nil), c.lib.resultBytes(result)...)
	return data, tally{
		rows: c.lib.resultRows(result), bytes: uint64(len(data)),
		rowsRead: c.lib.rowsRead(result), bytesRead: c.lib.bytesRead(result),
		rowsWritten: c.lib.rowsWritten(result), bytesWritten: c.lib.bytesWritten(result),
	}, nil
}

// errStreamEnd tells the loop of stream that the last chunk was read.
var errStreamEnd = errors.New("end of stream")

// stream runs a SELECT and hands over its result in chunks, each valid only during the call of each.
func (c *connection) stream(sql, format string, params parameters, each func(chunk []byte) error) error {
	stream := call(c.lib.queryStream, *c.handle, sql, format, params)
	if stream == nil {
		return nil
	}
	defer c.lib.destroyResult(stream)
	if message := text(c.lib.resultError(stream)); message != "" {
		return parseException(message)
	}
	for {
		err := c.fetch(stream, each)
		if errors.Is(err, errStreamEnd) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *connection) fetch(stream unsafe.Pointer, each func([]byte) error) error {
	result := c.lib.fetch(*c.handle, stream)
	if result == nil {
		return errStreamEnd
	}
	defer c.lib.destroyResult(result)
	if message := text(c.lib.resultError(result)); message != "" {
		return parseException(message)
	}
	chunk := c.lib.resultBytes(result)
	if len(chunk) == 0 {
		return errStreamEnd
	}
	if err := each(chunk); err != nil {
		c.lib.cancelQuery(*c.handle, stream)
		return err
	}
	return nil
}

// statements counts the statements in a text; 0 if it does not parse.
func (c *connection) statements(sql string) int {
	s := []byte(sql)
	out := &classification{size: uint32(unsafe.Sizeof(classification{}))}
	failed := c.lib.classify(*c.handle, first(s), uintptr(len(s)), nil, 0, out) != 0
	runtime.KeepAlive(s)
	if failed {
		return 0
	}
	return int(out.statements)
}
