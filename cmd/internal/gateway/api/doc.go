// Package api owns the HTTP contract of the gateway: which requests there are, what is right in them, what is answered, and
// the OpenAPI document that says so. It declares the producer and the reader that it needs; the address, TLS and sign-in
// are left to the application, what stands before every handler to package guard.
//
// # What a client may count on
//
//   - A rating is accepted when Kafka has it on all in-sync replicas. What is accepted was put through the very decision
//     that the processor takes (package admit), so it is never rejected later.
//   - The same rating_id again is an update or a duplicate, so sending anything again is harmless where each rating has a
//     rating_id of its own. Where the gateway makes it, the answer names it, with the occurred_at that belongs to it.
//   - A JSON body (one rating, an array, CloudEvents) is right as a whole or nothing of it is produced. NDJSON is produced as
//     it comes: good lines count, bad ones are listed with their numbers.
//
// # Non-obvious
//
//   - huma.NewError is replaced by ours for the whole process, so that huma's own errors look like the others.
//   - Bodies of ratings are read by the event's decoder, never by huma: the operation's input only hands the request on.
//   - Kafka may have a rating although the answer was 503: the acknowledgement came too late.
package api
