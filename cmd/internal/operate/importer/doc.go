// Package importer owns turning a file of ratings into rating events: reading it (CSV, workbooks, NDJSON, JSON; gzip, zstd; encodings),
// mapping its columns to the event's fields, giving rows an identity and a time where they have none, and judging each row by
// the processor's own admission, so that nothing sent is rejected later. Delivery is left to the Sender that it is given;
// flags, exit codes and where its report goes, to its caller.
//
// # Non-obvious
//
//   - Importing a file twice, or its rows in another order, must change nothing. So what becomes of a row depends on its own
//     columns, never on those of the rows before; and an identity that is made here on all of these columns, whatever is mapped,
//     and on how many rows before were the same: n equal rows have the numbers 0 … n-1 in any order. A time that is made here depends on the identity and the span alone.
//   - Two rows that name the same rating_id and revision with other content have no such answer: the first one counts, the
//     other is rejected and reported.
//   - A row is judged at the time that its record carries, so that the processor, which sees the same time, decides alike.
//   - Beside the batches in flight, a file needs memory to find equal rows: measured, some 50 MB for a million distinct rows whose
//     ids are made here, some 150 MB for a million that bring theirs.
package importer
