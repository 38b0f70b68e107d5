// Package chaos owns the proof by force that the stored figures are exact: it runs the real parts as processes of their own,
// Apache Kafka, the ClickHouse engine and several processors of this very program, sends a seeded load, strikes at them
// while it runs, and in the end compares everything that is stored with package oracle, which reads the log by itself. What
// is printed and what the exit code is, is its caller's.
//
// A run has these phases: start, ratings of the past, the time that a killed processor's work lies idle, faults under load,
// quiet and one clean processor, comparison, and retention that overtakes a consumer, which has a topic of its own because
// it loses records by its nature.
//
// # Non-obvious
//
//   - A strike at a step waits for the insert that follows it and holds it up on its way to ClickHouse, so that the processor
//     stands at the step when it is struck. Processors log at level trace what they have inserted; the step that is recorded
//     is that of the last line before the end, not the one that was aimed at.
//   - No line says that offsets were committed. For a strike at the commit the requests of that processor to Kafka are
//     held, from before the checkpoint is stored, so that none can have arrived when the signal does.
//   - Two loops make faults at the same time, of processors and of everything else. Each lifts what it put on and nothing of
//     the other's; before the comparison everything is lifted once more.
//   - A processor that ends by itself is started again, as a supervisor would do, and is in the report. It fails the run when
//     no fault explains it: none was on, or it crashed.
//   - Each processor has a listener of the broker of its own, which is advertised at the port of its proxy: clients go where
//     the metadata sends them, past any proxy that is only in the bootstrap addresses. The embedded broker has one listener
//     for all.
//   - The load and the comparison reach the broker and the engine past the proxies.
//   - The same seed draws the same faults and the same ratings; what meets what is up to the machine.
//   - The load says in a header of each record for which reason it must be rejected, so records that the producer sent twice
//     need no bookkeeping.
package chaos
