// Package pipeline owns the way of a rating from Kafka to its durable place in the windows: it gets partitions assigned,
// reads them, decides which records count, folds them, and flushes. What a flush holds is package owner's; where rows go is
// left to the Store and Sink passed in, as are metrics (Observer) and the clock.
//
// # The life of a rating
//
//  1. A producer writes an event to the topic, keyed by the customer, so that all versions of the rating are in one
//     partition (package event, package source).
//  2. The consumer group gives the partition to this processor. The owner of the partition starts empty: checkpoint, known
//     panes, pane sums (owner.Assign). Reading starts at the checkpoint's cut; the committed offset is for lag tools only.
//  3. The record is admitted or becomes a dead letter, by its bytes and its timestamp alone, so that a replay decides alike
//     (package admit).
//  4. It is folded into the facts of its 5-minute pane; when the pane is not in memory, the record waits for the next flush,
//     which reads the pane back. A partition whose memory is used up stops reading until a flush is acknowledged.
//  5. About once a second one flush of all partitions is written: facts, panes, windows, dead letters, checkpoint. An
//     insert is repeated until it succeeds; an outage of ClickHouse is waited out.
//  6. The offsets are committed to Kafka, and panes that nothing waits for may leave the memory.
//
// A rebalance or a shutdown ends the assignment: one last flush gets a bounded time, what does not make it is thrown away,
// and the next owner reads it again.
package pipeline
