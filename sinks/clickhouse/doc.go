// Package clickhouse owns what satisflow keeps in ClickHouse: the schema and its migrations, the epochs, the reads and
// writes of an owner (Store, Sink), the reads of the API (Reader) and the check of the stored sums against the facts
// (Verify). When rows are written, and what the figures made of them mean, is left to the callers; the embedded engine
// is in package engine.
//
// # Non-obvious
//
//   - Every table is last-writer-wins, and every read takes FINAL. A filter on a column that versions of a row may differ
//     in (service, rating …) must come after FINAL, or replaced and erased rows come back.
//   - FINAL runs with do_not_merge_across_partitions_select_final: right, because the partition key (epoch, month) is a
//     function of the sorting key, so all versions of a row lie in one partition.
//   - Inserts take optimize_on_insert=0: the versions within one insert are merged later, and by FINAL at once.
//   - A month of facts expires as a whole. Were rows to expire one by one, an erasure could go before what it erased.
//   - Whoever reads checkpoints and windows reads the checkpoints first, else a window could pass for complete that was
//     not there yet.
//   - Bounds of statements are written into the text, not sent as parameters: over HTTP these travel in the URL, which is
//     too short for the panes of a page-in.
package clickhouse
