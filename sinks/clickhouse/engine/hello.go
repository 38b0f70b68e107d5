//go:build linux && !noengine

package engine

import (
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// helloQuery is the first one that clickhouse-go asks on a connection.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// displayName is what the engine calls itself in that answer and in its headers.
const displayName = "embedded"

// Revisions of ClickHouse's protocol from which on a block has an info part, and a column a serialization flag.
const (
	revisionBlockInfo           = 1
	revisionCustomSerialization = 54454
)

func isHello(sql string) bool {
	return strings.TrimRight(strings.TrimSpace(sql), "; ") == helloQuery
}

// helloBlock answers helloQuery in the layout of the revision that the client asked for, and reports revision 0: the
// client reads every later block in the layout that the engine writes.
func helloBlock(clientRevision int, version, timezone string) []byte {
	b := new(proto.Buffer)
	if clientRevision >= revisionBlockInfo {
		putBlockInfo(b)
	}
	const columns, rows = 4, 1
	b.PutUVarInt(columns)
	b.PutUVarInt(rows)
	putColumn := func(name, columnType string) {
		b.PutString(name)
		b.PutString(columnType)
		if clientRevision >= revisionCustomSerialization {
			b.PutBool(false)
		}
	}
	putColumn("displayName()", "String")
	b.PutString(displayName)
	putColumn("version()", "String")
	b.PutString(version)
	putColumn("revision()", "UInt32")
	b.PutUInt32(0)
	putColumn("timezone()", "String")
	b.PutString(timezone)
	return b.Buf
}

// putBlockInfo writes two numbered fields, "is overflows" and "bucket", and the zero that ends them.
func putBlockInfo(b *proto.Buffer) {
	const isOverflows, bucketNumber, end = 1, 2, 0
	b.PutUVarInt(isOverflows)
	b.PutBool(false)
	b.PutUVarInt(bucketNumber)
	b.PutInt32(-1)
	b.PutUVarInt(end)
}

func clientRevision(value string) int {
	revision, err := strconv.Atoi(value)
	if err != nil {
		return 0
	}
	return revision
}
