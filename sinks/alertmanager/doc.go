// Package alertmanager owns pushing alerts to Alertmanager's API v2: what an alert looks like on the wire, every member of a
// cluster getting it, and telling what another push may mend from what it can't. Which alerts there are, keeping them alive
// and trying again is its caller's.
//
// # Non-obvious
//
//   - Alertmanager knows an alert by its labels. One that is not pushed again before its EndsAt resolves; one that is pushed
//     with an EndsAt in the past resolves at once. Pushing again is harmless.
//   - The members of a cluster tell each other of notifications, not of alerts: each must get each alert. One that has
//     them is enough for Push to succeed; the failures of the others are logged and counted.
//   - Alertmanager takes the good alerts of a batch and answers 400 for a bad one, or refuses the batch whole when its form
//     is wrong. So what it would refuse is held back here, and named.
//   - Only what is wrong with the alerts themselves is permanent. A wrong password or path is mended by the operator.
package alertmanager
