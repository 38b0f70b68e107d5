package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// Bounds of a batch: what is in memory are two of them, the one being sent and the one being filled.
const (
	batchRows  = 2000
	batchBytes = 4 << 20
)

// batch is a run of rows of the file, judged.
type batch struct {
	messages    []source.Message
	rows        []row // of the messages
	rejected    []Rejected
	read        int64
	duplicates  int64
	repeated    int64
	ignored     int64
	notes       []note
	preview     []json.RawMessage
	cut         bool // the file ends where more should come
	learnt      learnt
	first, last int64 // event times of the messages, Unix milliseconds
	lastLine    int
	offset      int64 // bytes of the file read
	end         error // io.EOF after the last row; any other error ends the import
}

// fill reads and judges rows until the batch is full or the file ends.
func (f *file) fill(limit int64, now time.Time) *batch {
	b := &batch{}
	size := 0
	for b.read < min(limit, batchRows) && size < batchBytes {
		r, err := f.rows.next()
		if err != nil {
			b.end = err
			break
		}
		size += len(r.raw)
		b.read++
		b.lastLine = r.line
		b.cut = b.cut || r.cut
		f.number++
		v := f.judge.of(&r, now)
		if f.previews > 0 && v.event != nil {
			f.previews--
			b.preview = append(b.preview, event.AppendJSON(nil, v.event, f.event))
		}
		b.take(r, v, f.number)
	}
	if b.end == nil && b.read >= limit {
		b.end = io.EOF
	}
	b.offset, b.learnt = f.input.Read(), f.learnt()
	return b
}

func (b *batch) take(r row, v verdict, number int64) {
	r.number = number
	switch {
	case v.wrong != nil:
		b.reject(&r, v.wrong)
	case v.ignored:
		b.ignored++
	case v.duplicate:
		b.duplicates++
	default:
		if v.repeated {
			b.repeated++
		}
		if len(b.messages) == 0 {
			b.first, b.last = v.occurredAt, v.occurredAt
		}
		b.first, b.last = min(b.first, v.occurredAt), max(b.last, v.occurredAt)
		b.notes = append(b.notes, v.notes...)
		r.columns, r.cells = nil, nil
		b.messages, b.rows = append(b.messages, v.message), append(b.rows, r)
	}
}

func (b *batch) reject(r *row, why *rejection) {
	b.rejected = append(b.rejected, Rejected{r.line, r.number, why.reason, why.problems, string(r.raw)})
}

// refuse moves the messages that Kafka refused to the rejected rows.
func (b *batch) refuse(refused map[int]error) {
	if len(refused) == 0 {
		return
	}
	kept := b.messages[:0:0]
	for i := range b.messages {
		err, bad := refused[i]
		if !bad {
			kept = append(kept, b.messages[i])
			continue
		}
		why := reject(refusedByKafka, "", err.Error(), "what the topic takes")
		if errors.Is(err, source.ErrTooLarge) {
			why = reject("too_large", "", err.Error(), "a smaller record")
		}
		b.reject(&b.rows[i], why)
	}
	b.messages = kept
}

// batches fills batches until the file or the context ends. The channel is closed after the last one.
func (f *file) batches(ctx context.Context, limit int64, clock func() time.Time) <-chan *batch {
	out := make(chan *batch)
	go func() {
		defer close(out)
		for {
			b := f.fill(limit, clock())
			limit -= b.read
			select {
			case out <- b:
			case <-ctx.Done():
				return
			}
			if b.end != nil {
				return
			}
		}
	}()
	return out
}

// failure says why the file was not read to its end, or nil.
func (b *batch) failure(name string) error {
	if b.end == nil || errors.Is(b.end, io.EOF) {
		return nil
	}
	return fmt.Errorf("read %s after line %d: %w", name, b.lastLine, b.end)
}
