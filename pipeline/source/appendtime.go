package source

import (
	"reflect"
	"time"

	"github.com/segmentio/kafka-go"
)

// kafka-go gives the producer's timestamps of a topic with message.timestamp.type=LogAppendTime too: the broker leaves
// those of the records, and writes its own into the header of their batch. The header is read where kafka-go keeps it; a
// test against a broker finds out when another version keeps it elsewhere.

// batchHeader is the path from a kafka.Batch to the header of the records read last.
var batchHeader = struct{ msgs, stack, header, magic, v2, attributes, lastTimestamp []int }{}

func init() {
	at := func(t reflect.Type, name string) ([]int, reflect.Type) {
		f, ok := t.FieldByName(name)
		if !ok {
			panic("source: this version of kafka-go keeps the header of a batch elsewhere: no field " + name)
		}
		if f.Type.Kind() == reflect.Pointer {
			return f.Index, f.Type.Elem()
		}
		return f.Index, f.Type
	}
	h, t := &batchHeader, reflect.TypeFor[kafka.Batch]()
	h.msgs, t = at(t, "msgs")
	h.stack, t = at(t, "readerStack")
	h.header, t = at(t, "header")
	h.magic, _ = at(t, "magic")
	h.v2, t = at(t, "v2")
	h.attributes, _ = at(t, "attributes")
	h.lastTimestamp, _ = at(t, "lastTimestamp")
}

// appendTime returns when the broker appended the record that was read last, if the topic says so.
func appendTime(batch *kafka.Batch) (time.Time, bool) {
	const logAppendTime = 1 << 3
	p := &batchHeader
	msgs := reflect.ValueOf(batch).Elem().FieldByIndex(p.msgs)
	if msgs.IsNil() {
		return time.Time{}, false
	}
	stack := msgs.Elem().FieldByIndex(p.stack)
	if stack.IsNil() {
		return time.Time{}, false
	}
	header := stack.Elem().FieldByIndex(p.header)
	v2 := header.FieldByIndex(p.v2)
	if header.FieldByIndex(p.magic).Int() != 2 || v2.FieldByIndex(p.attributes).Int()&logAppendTime == 0 {
		return time.Time{}, false
	}
	return time.UnixMilli(v2.FieldByIndex(p.lastTimestamp).Int()).UTC(), true
}
