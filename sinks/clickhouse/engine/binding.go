//go:build linux && !noengine

package engine

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// binding holds the functions of libchdb.so that the front calls. Texts go as pointer and length; handles are opaque.
// A statement with parameters takes four arrays (names, their lengths, values, their lengths) and a count.
type binding struct {
	version        func() string
	signalHandlers func(enabled int32)
	connect        func(argc int32, argv **byte) *unsafe.Pointer
	closeConn      func(conn *unsafe.Pointer)
	classify       func(conn unsafe.Pointer, sql *byte, sqlLen uintptr, db *byte, dbLen uintptr, out *classification) int32

	query       statementCall
	queryStream statementCall
	fetch       func(conn, stream unsafe.Pointer) unsafe.Pointer
	cancelQuery func(conn, stream unsafe.Pointer)

	insertStream statementCall
	append       func(stream unsafe.Pointer, data *byte, length uintptr) int32
	done         func(stream unsafe.Pointer) unsafe.Pointer
	cancelInsert func(stream unsafe.Pointer)
	insertError  func(stream unsafe.Pointer) unsafe.Pointer
	freeInsert   func(stream unsafe.Pointer)

	resultBuffer  func(result unsafe.Pointer) unsafe.Pointer
	resultLength  func(result unsafe.Pointer) uintptr
	resultError   func(result unsafe.Pointer) unsafe.Pointer
	resultRows    func(result unsafe.Pointer) uint64
	rowsRead      func(result unsafe.Pointer) uint64
	bytesRead     func(result unsafe.Pointer) uint64
	rowsWritten   func(result unsafe.Pointer) uint64
	bytesWritten  func(result unsafe.Pointer) uint64
	destroyResult func(result unsafe.Pointer)
}

type statementCall func(conn unsafe.Pointer, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr,
	names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) unsafe.Pointer

// classification is the engine's struct: its own size, then what it found. Only the number of statements is read.
type classification struct{ size, statements, _, _ uint32 }

func (b *binding) symbols() map[string]any {
	return map[string]any{
		"chdb_version":                     &b.version,
		"chdb_set_signal_handlers_enabled": &b.signalHandlers,
		"chdb_connect":                     &b.connect,
		"chdb_close_conn":                  &b.closeConn,
		"chdb_classify_query_n":            &b.classify,
		"chdb_query_with_params_n":         &b.query,
		"chdb_stream_query_with_params_n":  &b.queryStream,
		"chdb_stream_fetch_result":         &b.fetch,
		"chdb_stream_cancel_query":         &b.cancelQuery,
		"chdb_stream_insert_with_params_n": &b.insertStream,
		"chdb_stream_append":               &b.append,
		"chdb_stream_done":                 &b.done,
		"chdb_stream_cancel_insert":        &b.cancelInsert,
		"chdb_stream_insert_error":         &b.insertError,
		"chdb_destroy_insert_stream":       &b.freeInsert,
		"chdb_result_buffer":               &b.resultBuffer,
		"chdb_result_length":               &b.resultLength,
		"chdb_result_error":                &b.resultError,
		"chdb_result_rows_read":            &b.resultRows,
		"chdb_result_storage_rows_read":    &b.rowsRead,
		"chdb_result_storage_bytes_read":   &b.bytesRead,
		"chdb_result_rows_written":         &b.rowsWritten,
		"chdb_result_bytes_written":        &b.bytesWritten,
		"chdb_destroy_query_result":        &b.destroyResult,
	}
}

// bind loads the library and switches its signal handlers off, which must happen before the first connection.
func bind(path string) (*binding, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load clickhouse engine %s (it needs linux x86-64 with glibc): %w", path, err)
	}
	b := new(binding)
	for name, function := range b.symbols() {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("clickhouse engine %s is of another version than %s: %w", path, LibraryVersion, err)
		}
		purego.RegisterFunc(function, symbol)
	}
	b.signalHandlers(0)
	return b, nil
}

// text is a C string of unknown length, copied; empty for nil.
func text(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

func (b *binding) resultBytes(result unsafe.Pointer) []byte {
	n := b.resultLength(result)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(b.resultBuffer(result)), n)
}
