// Package erasure owns how ratings are erased: it finds them, sends an erasure of each through Kafka, waits until the
// processor has stored it, removes what no event can remove (rejected records, replaced versions on disk), and keeps the
// audit. Who may ask for it, and how they are told about it, is left to the commands and the API.
//
// # What an erasure is
//
// An event with op: erase on the topic, of the same rating_id, time and customer, and in the partition that the rating is
// in. It beats every version of the rating, and the processor rewrites all sums that the rating was in. So an erasure
// needs no lock, may be repeated, and survives every crash that a rating survives.
//
// # Non-obvious
//
//   - Ratings that Kafka has and the processor does not yet are found as well: after waiting for the end of the topic the
//     search is repeated until it finds nothing.
//   - The event needs the partition of the fact, and the key that led there is unknown where customer ids are hashed, or
//     the producer had another partitioner. So it gets a key that leads there (source.KeyFor).
//   - The audit holds hashes only, so an erasure that was broken off before it was durable cannot go on by itself: asking
//     for it again is what finishes it, and the old entry too.
//   - Rating id and customer id stay in the erased row: without them a late copy of the rating would bring it back.
//   - An epoch beside the current one is erased by the same event, when a processor reads it there. Until then only text is
//     removed from it: rows that go without an event leave sums that count them (clickhouse.Erasures.BlankOthers).
package erasure
