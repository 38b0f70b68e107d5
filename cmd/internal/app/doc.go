// Package app owns the commands of satisflow: their flags and help, what each is composed of, how its parts live and end,
// and what its exit code is. What the parts do is their packages'.
//
// # Adding a command
//
// A command is one file with one function,
//
//	func newImportCommand(s *shell) *cobra.Command
//
// and its name in newRootCommand. It has a Short of one line, a Long that says what it is for and what it changes, and an
// Example. Its RunE
//
//   - calls withConfig(cmd) when it is made, and loaded, err := s.load(cmd) when it runs: file, environment and flags merged,
//     all keys of the configuration being flags then. shorthand(cmd, "brokers", "kafka.brokers", help) gives a key a
//     flag of its own that the help shows;
//   - logs by s.logger(loaded.Config.Log), asks by s.stdin, answers on s.stdout, and reports progress on s.stderr;
//   - opens parts in one straight function, each teardown beside its acquisition (teardown), and keeps those that run
//     together by supervise;
//   - heeds cmd.Context(), which a signal ends;
//   - returns an error and prints none: usageError(err) for another command line, unavailable(err) when another part is not
//     there, errDiffers when what was to be shown was, and is bad news. Execute prints it once.
//
// Exit codes: 0 done, 1 failed or differences found, 2 command line or configuration, 3 a part that is needed is not there,
// 130 interrupted. A role that was asked to end and ended in order has done its work: 0.
//
// # Non-obvious
//
//   - Everything a command knows of its process is its Invocation, so that tests run commands in theirs.
//   - The keys of the configuration are hidden flags: a hundred lines would bury the few that a command is about.
//   - dev starts this very program as the child that runs the ClickHouse engine (clickhouse, a hidden command).
package app
