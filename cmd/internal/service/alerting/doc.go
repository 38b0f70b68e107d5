// Package alerting owns the customer alerts of a running gateway: when facts are looked at, that what has changed is stored,
// that Alertmanager and the owners of services and segments are told, and the words that people read. When an alert opens,
// how severe it is and which step of the work may follow is package alert's; tables, protocols and pages are left to the
// sinks and to package api.
//
// # Non-obvious
//
//   - There is one writer: whatever reads an alert in order to change it holds the Service's lock until the change is stored. A
//     lease keeps other processes away. So a version that is asked for by If-Match is compared and set in one.
//   - No cursor is kept. Every start looks at what was stored in the last hour; deciding twice gives the same alert.
//   - What Alertmanager is sent comes from memory, so that an outage of ClickHouse does not end alerts that go on.
//   - An alert keeps the labels that it was first sent with, but for its level: other ones would be another alert to
//     Alertmanager. When the level rises, the one before is ended.
//   - A mail's identity is made from its alert, and that it was sent is stored after it was: a process that dies in between sends
//     it twice with one identity, and none never.
package alerting
