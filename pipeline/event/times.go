package event

import "time"

// The clocks that meet where a record is judged, all in Unix milliseconds. Each is a type of its own, so that none is
// compared with another by accident; occurred_at (Event.OccurredAt), the clock of whoever rated, is the fifth.
type (
	// RecordTime is the timestamp of a Kafka record: written by the producer, or by the broker where the topic has
	// message.timestamp.type=LogAppendTime.
	RecordTime int64
	// LogTime is how far a partition's log is: the greatest of its credible timestamps and of the times at which its end
	// was seen. It never falls, and no producer can set it back or ahead of the processor's clock.
	LogTime int64
	// ProcessorTime is the clock of the process that reads.
	ProcessorTime int64
)

// Time returns the timestamp in UTC.
func (t RecordTime) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Time returns the time in UTC.
func (t ProcessorTime) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }
