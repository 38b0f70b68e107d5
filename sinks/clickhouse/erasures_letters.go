package clickhouse

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"

	"satisflow/pipeline/event"
)

// LetterAt is where a dead letter is.
type LetterAt struct {
	Epoch uint32
	Position
}

// Letter is a rejected record as it is looked through for an erasure.
type Letter struct {
	LetterAt
	Key, Value []byte
	Headers    []event.Header
}

// Letters calls yield for every stored row of the dead letters of all epochs, replaced ones too. The letter is valid during
// the call only.
func (s *Erasures) Letters(ctx context.Context, yield func(*Letter)) error {
	const rowsAtATime = 1000 // of records that may be large
	ctx = context.WithValue(ctx, moreSettings{}, clickhouse.Settings{"max_block_size": rowsAtATime, "max_threads": 1})
	var l Letter
	var key, value string
	var headerKeys, headerValues []string
	err := each(ctx, s.conn, "SELECT epoch, `partition`, `offset`, `key`, value, header_keys, header_values FROM dead_letters",
		[]any{&l.Epoch, &l.Partition, &l.Offset, &key, &value, &headerKeys, &headerValues}, func() {
			l.Key, l.Value, l.Headers = []byte(key), []byte(value), l.Headers[:0]
			for i := range headerKeys {
				l.Headers = append(l.Headers, event.Header{Key: headerKeys[i], Value: []byte(headerValues[i])})
			}
			yield(&l)
		})
	return failed(err, "look through the dead letters")
}

// DeleteLetters deletes the letters and returns when no active part holds one.
func (s *Erasures) DeleteLetters(ctx context.Context, at []LetterAt) error {
	for part := range slices.Chunk(at, rowsAtOnce) {
		condition := "(epoch, `partition`, `offset`) IN (" + list(part, func(l LetterAt) string { return fmt.Sprintf("(%d,%d,%d)", l.Epoch, l.Partition, l.Offset) }) + ")"
		if err := s.mutate(ctx, deadLettersTable, "DELETE WHERE "+condition); err != nil {
			return failed(err, "delete %d dead letters", len(at))
		}
	}
	return nil
}
