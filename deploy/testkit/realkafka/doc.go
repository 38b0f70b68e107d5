// Package realkafka owns an Apache Kafka broker without Docker: it fetches the jars by Maven and caches them, and runs one
// broker, which is its own controller, as a child process on loopback. When it starts, ends or is killed, and what topics
// hold, is its callers': tests, by package testkit, and satisflow chaos.
//
// # Non-obvious
//
//   - Ports come from below the range that the kernel gives to clients. A client that asks again and again for a stopped
//     server on such a port would in the end be connected to itself.
//   - A broker answers other requests before it can create topics, so it is ready when it has created one.
package realkafka
