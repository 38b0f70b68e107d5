// Package watchtest owns a real Prometheus and a real Alertmanager for tests of the whole way of a page: it starts both on
// loopback, on a time scale, with the committed Alertmanager configuration, and receives what Alertmanager sends. What is
// scraped and what should be sent is its caller's.
//
// Both come from Debian's packages prometheus and prometheus-alertmanager. Where they are missing the test is skipped,
// saying so; with CI set it fails.
package watchtest
