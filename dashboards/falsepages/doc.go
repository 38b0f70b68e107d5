// Package falsepages owns the measurement of how often the rules of package rules are wrong, and how soon they find what
// is really wrong: a simulation of the ratings of one service, with the thresholds of the very configuration that the
// rules file is generated from. Its table is deploy/docs/watching/false-pages.md.
//
//	go test ./dashboards/falsepages -full -update   (about three minutes)
//
// runs it anew after a change of the rules and writes testdata/study.json and the page. Without flags the test runs the
// first runs of each cell again and wants the same results.
//
// # Non-obvious
//
//   - Each run has a random source of its own, by cell and number, so that a part of the study can be repeated.
//   - An evaluation at the end of each pane stands for one every minute: onsets are up to 5 minutes coarse.
//   - That the simulation fires when Prometheus does is tested with promtool, on 20 courses.
package falsepages
