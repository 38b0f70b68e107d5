// Package logid owns the identity of a log: what an offset must be kept with, as it means nothing without. A topic that
// was made again, one of the same name at another broker, and one of another name are other logs.
package logid

import (
	"errors"
	"fmt"
)

// ErrAnother says that stored positions belong to another log.
var ErrAnother = errors.New("the stored positions belong to another log")

// Another returns the error of finding one log where another was read, with the way on. It wraps ErrAnother.
func Another(kept, found ID) error {
	return fmt.Errorf("%w: what is stored was read from %s, but kafka.brokers and kafka.topic lead to %s: set them back, "+
		"or fill a new epoch: `satisflow rebuild --epoch N --from topic` reads this topic, `--from facts --new-topic` keeps what is stored; "+
		"then `satisflow rebuild switch --epoch N`", ErrAnother, kept, found)
}

// Replaced returns the error of finding another record at the offset of one that was read, with the way on. It wraps
// ErrAnother.
func Replaced(partition int32, at Mark, log ID) error {
	return fmt.Errorf("%w: %s has another record at offset %d of partition %d than the one that was read there: the topic was cut and written again, or made again: "+
		"fill a new epoch: `satisflow rebuild --epoch N --from topic` reads this topic, `--from facts --new-topic` keeps what is stored; "+
		"then `satisflow rebuild switch --epoch N`", ErrAnother, log, at.Offset, partition)
}

// ID is the identity of a topic's log. Cluster and TopicID are empty where the brokers tell none (before Kafka 2.8 a topic
// has no id).
type ID struct {
	Cluster string // id of the cluster
	Topic   string // name of the topic
	TopicID string // id that the topic got when it was made, in hexadecimal digits
}

// IsZero reports whether nothing is known of the log.
func (i ID) IsZero() bool { return i == ID{} }

// Same reports whether both are one log as far as both say; what one of them does not know is not compared.
func (i ID) Same(o ID) bool {
	same := func(a, b string) bool { return a == b || a == "" || b == "" }
	return same(i.Topic, o.Topic) && same(i.TopicID, o.TopicID) && same(i.Cluster, o.Cluster)
}

// String names the log for people.
func (i ID) String() string {
	if i.IsZero() {
		return "an unknown topic"
	}
	known := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	return fmt.Sprintf("topic %s (id %s, cluster %s)", i.Topic, known(i.TopicID), known(i.Cluster))
}

// Position is where a partition of a log is read on.
type Position struct {
	Log ID
	// Next is the offset to read next; -1 means the start of the log.
	Next int64
	// Last is the record before: while the log still holds it, it must be the same.
	Last Mark
}

// Mark tells a record from another one at its offset.
type Mark struct {
	Known  bool
	Offset int64
	Sum    uint32 // CRC-32C of its timestamp, key and value
}
