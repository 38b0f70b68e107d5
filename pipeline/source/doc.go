// Package source owns everything of satisflow that speaks Kafka: reading a
// partition, being assigned partitions, producing, and the few administrative
// requests. It leaves to its caller what a record means, where to start reading
// (the checkpoint decides, not the committed offset) and how long a drain may take.
//
// # Non-obvious
//
//   - Reader sits on kafka.Conn, not on kafka.Reader: half the CPU, and nothing is
//     queued that a rebalance could leave stale. Batch.Read is never used: it
//     re-delivers records below the asked offset. kafka.Conn checks no CRCs.
//   - After any error a connection is closed: an error in a fetch response leaves
//     four bytes unread in kafka-go's buffer, and the next answer would be garbage.
//   - The offset is set before every fetch. A batch that began below the asked
//     offset leaves kafka-go's own position below it.
//   - A connection has no deadline, a watchdog closes it instead: kafka-go turns the
//     end of a batch into RequestTimedOut when the deadline passed meanwhile.
//   - Any rebalance ends the generation of every member, and no heartbeat runs while
//     the owner of the old one drains.
//   - Transactional topics are not supported: kafka-go delivers aborted records. On
//     topics with LogAppendTime it delivers the producer's timestamp.
//   - kafka-go looks a leader up by a metadata request that allows the broker to
//     create the topic; brokers should run with auto.create.topics.enable=false.
package source
