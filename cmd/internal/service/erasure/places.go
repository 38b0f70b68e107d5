package erasure

import (
	"context"
	"fmt"
	"slices"

	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// At erases ratings at the very places that are given, in the current epoch, and returns when a processor has stored
// that. It is for places that must not have been, not for people's requests: it leaves dead letters and the audit alone.
func (e *Eraser) At(ctx context.Context, ratings []clickhouse.StoredRating, tell func(text string)) error {
	epoch, err := e.epoch(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ratings, sendAtOnce) {
		messages := make([]source.Message, len(part))
		for i := range part {
			messages[i] = e.message(&part[i], epoch.Definition.Partitions)
		}
		if err := e.parts.Producer.Produce(ctx, messages...); err != nil {
			return fmt.Errorf("send the erasures of %d places: %w", len(part), err)
		}
	}
	return e.wait(ctx, &epoch, tell)
}
