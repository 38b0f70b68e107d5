// Package engine owns the embedded ClickHouse of development and tests: it finds the engine's library, runs it in a
// child process behind ClickHouse's HTTP interface on loopback, and watches that child. Schema, queries and the choice
// between this engine and a real server are its caller's.
//
// The parent calls [Library] once and then [Start]; the command that it starts calls [Child], which reads its [Config]
// from standard input and calls [Serve]. To clickhouse-go, curl and Grafana the result is a server. Production uses a
// real one.
//
// # Non-obvious
//
//   - The engine takes over the process that loads it: its own threads, its working directory and HOME, and the
//     dispositions of SIGSEGV and its like (its "signal handlers off" resets them to the default, at every connection,
//     so a nil dereference in Go ends the child without a Go stack). Hence the child process; call Serve nowhere else.
//   - Data of an INSERT goes through the engine's streaming insert alone. Given with the statement, Native data is cut
//     at the first two line feeds, silently.
//   - Every request has a connection of its own: a connection is a session, and USE and SET would leak to the next one.
//     One costs a quarter of a millisecond, so none are kept in stock.
//   - Closing the last connection closes the data folder. chdb_shutdown would end the engine's threads too, but fails
//     once a table was written, and the process ends anyway. A connection closed under a running statement aborts it.
//   - clickhouse-go asks for blocks of the newest protocol revision, and the engine writes those of revision 0. The
//     front answers the client's first query itself and reports revision 0 there, so that the client reads the rest so.
//   - The engine can't cancel a statement before its first block. A statement therefore begins with a comment that
//     names it, and KILL QUERY finds it by that when the client has gone.
//   - An error is compressed if the client asked for compression, but after the first block it stands uncompressed
//     behind the frames, as a real server does it.
//   - The engine reads any file that the user may read (file(), url()), so everything but /ping needs the token.
//   - Users, roles, sessions (session_id), query_log and Keeper are not there.
//   - A program that links this package needs glibc to start, wherever it runs: purego links libc dynamically.
//     Built with -tags noengine it is static, and Serve says that there is no engine.
package engine
