// Package config owns the configuration of satisflow: one tree of keys that a YAML file, the environment and flags set
// alike, where each value came from, and the reference pages that are generated from it. What a value means is its
// package's; which flags a command has, and what is done with the values, is package app's.
//
// The key kafka.tls.ca_file is
//
//	kafka: {tls: {ca_file: …}}   in the file
//	SATISFLOW_KAFKA_TLS_CA_FILE  in the environment
//	--kafka.tls.ca_file          as a flag
//
// A flag beats the environment, which beats the file, which beats the default. Unknown keys and wrong values are errors,
// and all of them are reported at once.
//
// # Non-obvious
//
//   - A key is a field of Config or of a package's own Config: its tag yaml is the name, help the meaning, secret:"true"
//     keeps the value out of everything that is printed.
//   - Each secret without one has a twin KEY_file, a file to read it from. The twin is no field.
//   - The file is walked as a syntax tree and not decoded, so that every wrong key is found and has its line.
//   - Kubernetes sets variables such as SATISFLOW_PORT_8080_TCP for a service named satisflow. They are no keys and no errors.
package config
