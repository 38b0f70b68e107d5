// Package fact owns the fact: the last word on one rating. Which of two versions is the later one is decided here, as is
// what a fact counts for; where facts are kept is left to the sinks.
package fact

import (
	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

const eraseBit = 1 << 63

// Version orders the versions of one rating: an erasure beats every put, then the higher revision wins, then the later
// offset (below 2^40-1).
func Version(op event.Op, revision uint32, offset int64) uint64 {
	v := uint64(revision)<<40 | uint64(offset+1)
	if op == event.Erase {
		v |= eraseBit
	}
	return v
}

// Revision returns the revision in a version.
func Revision(version uint64) uint32 { return uint32((version &^ eraseBit) >> 40) }

// Fact is one row of the table of facts.
type Fact struct {
	Event     event.Event
	Version   uint64
	Partition int32
	Offset    int64
	Pane      window.Pane
	Timestamp int64 // of the Kafka record, Unix milliseconds
}

// New returns the fact that an admitted event states. An erasure keeps identity, time and service and nothing that a
// person wrote or that describes the customer.
func New(e *event.Event, partition int32, offset, timestamp int64, pane window.Pane) Fact {
	f := Fact{Event: *e, Version: Version(e.Op, e.Revision, offset), Partition: partition, Offset: offset, Pane: pane, Timestamp: timestamp}
	if e.Op == event.Erase {
		f.Event = event.Event{RatingID: e.RatingID, Revision: e.Revision, Op: e.Op, OccurredAt: e.OccurredAt,
			CustomerID: e.CustomerID, Service: e.Service, Quality: event.NoQuality()}
	}
	return f
}

// Silent reports whether the event counts in no sum: it erases its rating, or quarantines it.
func Silent(e *event.Event) bool { return e.Op == event.Erase || e.Quarantined }
