// Package devstack owns the parts that `satisflow dev` embeds: the data folder, the Kafka broker and the ClickHouse engine,
// and the Prometheus and Alertmanager that it starts where they are installed.
// What they are used for, in which order they start and end, and what is printed is package app's.
//
// # Non-obvious
//
//   - The broker is franz-go's kfake: one process, no replication, everything in this process. It is made for tests; with a
//     data folder it keeps what it acknowledged, in the system's page cache at once and so through kill -9, on the disk at
//     the latest when it ends. A power cut may lose the last seconds. Production runs Apache Kafka.
//   - The broker acknowledges what it could not store, and logs that. Its log is read for it, and free space is watched.
//   - The broker takes its listener from us, so that a port in use is found before anything is loaded.
//   - The engine dies with this process, but not in the same instant: after kill -9 its port and its lock may be held for a
//     moment longer. Starting waits for both.
//   - What is in the folder has a version. A newer satisflow may read older folders, an older one refuses newer ones.
package devstack
