//go:build linux && !noengine

package engine

import (
	"errors"
	"io"
	"unsafe"
)

// insertion is an INSERT that receives its data in pieces. It ends by finish or cancel, once.
type insertion struct {
	conn   *connection
	stream unsafe.Pointer
}

// errRefused says that the engine stopped reading; finish tells the reason.
var errRefused = errors.New("clickhouse engine refused the data")

// insert begins an INSERT whose text has neither FORMAT nor data.
func (c *connection) insert(sql, format string, params parameters) (*insertion, error) {
	stream := call(c.lib.insertStream, *c.handle, sql, format, params)
	if stream == nil {
		return nil, exceptionf(codeUnknown, "the engine did not begin the INSERT")
	}
	if message := text(c.lib.insertError(stream)); message != "" {
		c.lib.freeInsert(stream)
		return nil, parseException(message)
	}
	return &insertion{conn: c, stream: stream}, nil
}

// Write appends data; its pieces need not be whole blocks or rows.
func (i *insertion) Write(data []byte) (int, error) {
	if len(data) > 0 && i.conn.lib.append(i.stream, &data[0], uintptr(len(data))) != 0 {
		return 0, errRefused
	}
	return len(data), nil
}

// load writes inline data and then everything of body, and ends the INSERT: committed, or not at all.
func (i *insertion) load(inline string, body io.Reader) (tally, error) {
	_, err := i.Write([]byte(inline))
	if err == nil {
		// The struct hides WriterTo and ReaderFrom, which would choose a buffer of their own.
		_, err = io.CopyBuffer(i, struct{ io.Reader }{body}, make([]byte, 256<<10))
	}
	if err != nil && !errors.Is(err, errRefused) {
		i.conn.lib.cancelInsert(i.stream)
		i.conn.lib.freeInsert(i.stream)
		return tally{}, exceptionf(codeCannotReadAllData, "read the data of the INSERT: %v", err)
	}
	did, finishErr := i.finish()
	return did, errors.Join(err, finishErr)
}

func (i *insertion) finish() (tally, error) {
	defer i.conn.lib.freeInsert(i.stream)
	_, did, err := i.conn.take(i.conn.lib.done(i.stream))
	return did, err
}
