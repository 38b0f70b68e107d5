// Package deadletters owns what people do with rejected records: looking at one without seeing more of a person than is
// needed, mending it, and producing it again. Where dead letters are stored is package clickhouse's; what is rejected is
// decided by package admit; flags and tables are the command's.
//
// # Non-obvious
//
//   - A replayed record keeps its first timestamp in a header, and admission decides by that: time does not make a record
//     of today too old. One that was too old stays so, unless it is marked as history.
//   - It goes to the partition that it was in, whatever its producer's partitioner: the other versions of its rating are
//     there. Only one whose customer was mended goes where its new key leads.
//   - A later record of the same revision wins. So a letter whose rating is stored in its revision, or a higher one, is
//     left out: it would undo what the producer has sent since.
package deadletters
