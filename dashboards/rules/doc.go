// Package rules owns what Prometheus computes and alerts on: it generates the recording and alerting rules from the
// configured target, bands and windows. Where an alert goes is deploy/alertmanager's; what a person does about it is in
// dashboards/runbooks; how often the rules are wrong is measured by package falsepages, from the same Config.
//
// The rules stand on the gauges of the exact current windows, so a restart, a duplicate or a replay can't raise an
// alert. Two owners of a partition count once: figures are sum by (…) (max by (…, partition) (…)).
//
// # Non-obvious
//
//   - A budget of 5 % caps the burn rate at 20, so the workbook's page at 14.4 means that 72 % are not satisfied, and
//     ratings are sparse. So each rule asks whether the lower Wilson bound of the bad share is above a threshold, and
//     wants a minimum of ratings. Thresholds multiply the odds of the target, not its share: no target puts one above 1.
//   - A bad rating is one that misses the target, which is not a dissatisfied one (≤ 3) unless the target says so.
//   - For a target on the mean the bad share is (5 − mean)/4. Its Wilson bound is on the safe side, since no ratings
//     from 1 to 5 with that mean vary more than those that are only 1 and 5 (Bhatia–Davis inequality).
//   - The overall series has an empty value label, which for Prometheus is no label.
//   - Alert names, the labels class, severity, dimension and value are what deploy/alertmanager routes and inhibits by.
package rules
