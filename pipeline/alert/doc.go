// Package alert decides when a customer, or a service or segment, needs a person, and keeps the record of what was done.
// It owns the rules, the severity, the states of the work and their clocks. It reads no clock and does no I/O: ratings,
// earlier alerts and the time are arguments, and what has changed is returned. Reading facts, storing alerts and telling
// people are left to the caller (cmd/internal/service/alerting).
//
// # Rules
//
// LowRating opens at a rating below the threshold. LowMean stands while the mean of the rolling window is below it.
// Falling stands while the share of satisfied ratings is significantly less than in the window before. GroupFalling is
// the same for a service or a segment, on closed windows.
//
// # Non-obvious
//
//   - Only a fresh rating opens an alert: one that was less than 24 hours old when it arrived, and arrived less than an
//     hour ago. So neither a backfill nor a rebuild nor a consumer that catches up opens anything, and a process that
//     starts needs no memory of how far it was: it looks at what arrived in the last hour, and decides alike.
//   - The identity of an alert is a hash of its rule, its subject and the rating that opened it: the first low one that
//     arrived, or the one with which the mean or share became too low. It does not depend on when that is decided, so
//     deciding twice, in one process or in two, gives the same alert.
//   - An alert opens only if its reason holds now. What has come and gone before anybody looked opens none.
//   - A correction is another record, and so arrives anew: one of a young rating may open an alert, one of an old one not.
//     How a rating stood before a correction is not known here.
//   - There is at most one alert at work for a subject and rule. What comes meanwhile is added to it.
//   - An alert that a person resolved stays resolved until a fresh rating that no alert knows makes a new one. One that
//     resolved by itself answers for nothing; where its own rating is too low again, it begins again.
//   - The system resolves what it found to hold. An alert that a person reopened though its reason had gone is people's.
//   - All times are given and kept to the millisecond, as they are stored: what was read again equals what was decided.
package alert
