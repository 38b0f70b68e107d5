package source

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"
	"unsafe"

	"github.com/segmentio/kafka-go"

	"satisflow/pipeline/logid"
)

// Record is one record as the log has it. Key and Value are not written to again, so
// strings may point into them; an empty one and a missing one look alike (nil).
type Record struct {
	Partition int32
	Offset    int64
	// Timestamp is the record's own, in UTC, to the millisecond; zero when it has none.
	Timestamp time.Time
	// Appended says that the broker wrote Timestamp when it appended the record, as the topic has
	// message.timestamp.type=LogAppendTime.
	Appended bool
	// Sum is the CRC-32C of timestamp, key and value.
	Sum     uint32
	Key     []byte
	Value   []byte
	Headers []Header
	// Oversized says that the record stands for a whole batch, which is more than MaxBatchBytes when it is decompressed:
	// it has the batch's first offset, and neither key nor value. The others of the batch are passed over.
	Oversized bool
}

// Header is one header of a record; the same key may come more than once.
type Header struct {
	Key   string
	Value []byte
}

// Batch is what a Reader hands over at a time: some records, or none at the end of the
// partition, so that an idle partition's watermark can go on.
type Batch struct {
	Partition int32
	// Records are in the order of their offsets, each ≥ the offset asked for. The slice
	// is the handler's to keep.
	Records []Record
	// Next is the offset to read next: everything below it has been handed over.
	Next int64
	// HighWatermark is the partition's end when the batch was fetched.
	HighWatermark int64
	// AtEnd says that the fetch reached HighWatermark: nothing was waiting behind it.
	AtEnd bool
}

// Lag is the number of offsets that were waiting behind the batch, 0 or more.
func (b Batch) Lag() int64 { return max(0, b.HighWatermark-b.Next) }

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readRecord is the record that was read last from the batch.
func readRecord(batch *kafka.Batch, m *kafka.Message) Record {
	r := recordOf(m)
	if at, ok := appendTime(batch); ok {
		r.Timestamp, r.Appended = at, true
	}
	var stamp [8]byte
	binary.LittleEndian.PutUint64(stamp[:], uint64(r.Timestamp.UnixMilli()))
	r.Sum = crc32.Update(crc32.Update(crc32.Checksum(stamp[:], castagnoli), castagnoli, r.Key), castagnoli, r.Value)
	return r
}

// Mark tells the record from another one at its offset.
func (r *Record) Mark() logid.Mark { return logid.Mark{Known: true, Offset: r.Offset, Sum: r.Sum} }

func recordOf(m *kafka.Message) Record {
	r := Record{Partition: int32(m.Partition), Offset: m.Offset, Key: m.Key, Value: m.Value}
	if !m.Time.IsZero() {
		r.Timestamp = m.Time.UTC()
	}
	if bytes.Equal(m.Key, oversizedKey) {
		r.Key, r.Oversized = nil, true
	}
	if len(m.Headers) > 0 {
		r.Headers = make([]Header, len(m.Headers))
		for i, h := range m.Headers {
			r.Headers[i] = Header{Key: h.Key, Value: h.Value}
		}
	}
	return r
}

// recordBytes is what a record takes beside its bytes: itself, and about three times as much when it is read.
const recordBytes = 4 * int(unsafe.Sizeof(Record{}))

// bytes is what the record takes in memory, headers and structs included.
func (r *Record) bytes() int {
	n := recordBytes + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += int(unsafe.Sizeof(h)) + len(h.Key) + len(h.Value)
	}
	return n
}
