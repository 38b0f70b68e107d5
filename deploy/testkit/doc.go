// Package testkit owns the real servers that tests use: it fetches and caches Apache Kafka and the ClickHouse engine,
// starts each once per run of go test, gives each test a topic and a database of its own, and removes everything
// afterwards. It also starts private servers, which a test may kill and start again. What is tested is its caller's.
//
// A test calls [ClickHouse] and [Kafka]; one about faults calls [StartClickHouse] and [StartKafka]. Where Java, Maven
// or npm is missing, the test is skipped with a word about how to install it; with CI set it fails. The broker itself is
// package realkafka's, which knows no tests.
//
// # Non-obvious
//
//   - "Once per run" spans processes: go test runs each package's tests in a process of its own. The first one that asks
//     starts a supervisor, which is the test binary itself, caught in this package's init before any test. The run is
//     known by the go test process (its id and start time), in the name of a folder below the temporary one.
//   - The supervisor ends the server and removes the folder when the go test process has gone, however it went, or
//     when no test process has used the server for 10 s (a test binary started from a shell has the shell as its
//     parent, which stays). The server in turn dies with the supervisor.
//   - Tests of other packages use the server at the same time: a statement that holds for all of it, such as SYSTEM STOP
//     MERGES without a table, is felt by them.
//   - A supervisor must not hold go test's output open: go test would wait for it.
package testkit
