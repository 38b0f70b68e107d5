// Package load owns sending synthetic ratings of package eventgen: how fast they go, where they go (Kafka, or the API), and
// what was sent in the end, so that it can be compared with what arrived. What the ratings say is eventgen's.
//
// # Non-obvious
//
//   - A record is due at the later of its own time and of its turn at the rate that was asked for. So at no time have more
//     been sent than the rate allows, and none is from the future; after a pause, what is due goes out at once.
//   - A record carries its own time as its timestamp, which is what its expected rejection was decided by. Where that is days
//     ago (the demo's history), a header carries it instead, as of replayed records: Kafka's retention goes by timestamps.
//   - By the API, every bad record is a request of its own: it must be refused, and spoil no other.
package load
