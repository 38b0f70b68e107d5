// Package grafana owns the dashboards of satisflow: leadership's, on ClickHouse over 28 days, and on-call's, on
// Prometheus over 24 hours, each in English and Chinese. It writes them as Grafana's classic JSON, renders the files that
// Grafana is provisioned with, and checks them without a Grafana. Sending them to one is package apply's.
//
// # Non-obvious
//
//   - Classic JSON of schema version 42 with a fixed uid and no id is what Grafana 9.4 to 13 take alike.
//   - Figures of leadership are sums of panes over the range of the dashboard. From "now-28d" to "now" these are exactly
//     the panes of the current 28-day window, so that the same query answers for any other range too.
//   - Every rating has one service, so the sum over all services is the overall figure: one query serves the variable
//     service with All and with a choice. Products, channels and segments are not kept by service; the variable does not
//     narrow them, and their panels say so.
//   - ClickHouse's data source replaces text, it binds nothing. Variables stand as ${name:queryparam}, decoded by ClickHouse (chosenValues), and
//     inside $__conditionalAll, which becomes 1=1 for All.
//   - The overall series of Prometheus have no label value; All is the expression .*, which matches that too.
package grafana
