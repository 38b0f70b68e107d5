package admit

import (
	"fmt"
	"strconv"
	"time"

	"satisflow/pipeline/event"
)

// earliest is the least timestamp that is taken for one, 2000-01-01 in Unix milliseconds: seconds in place of
// milliseconds lie in 1970.
const earliest event.RecordTime = 946_684_800_000

// LogAfter returns how far the partition's log is after the record, rejected or not: what the record says counts as far as
// it is credible.
func (a *Admitter) LogAfter(rec *Record) event.LogTime {
	if rec.Timestamp < earliest || a.ahead(rec) > 0 {
		return rec.Log
	}
	return max(rec.Log, event.LogTime(rec.Timestamp))
}

// ahead returns by how much more than allowed the producer's timestamp is ahead of the processor's clock; 0 or less when
// it is not, or when it is the broker's.
func (a *Admitter) ahead(rec *Record) time.Duration {
	if rec.Read == 0 || rec.Appended {
		return 0
	}
	return time.Duration(int64(rec.Timestamp)-int64(rec.Read))*time.Millisecond - a.cfg.Future
}

// time compares the event's time with the clocks.
func (a *Admitter) time(rec *Record, ev *event.Event, h marks) *Rejection {
	if ev.Op == event.Put {
		if rej := a.timestamp(rec); rej != nil {
			return rej
		}
	}
	if rej := a.future(rec, ev, h); rej != nil || ev.Op != event.Put {
		return rej
	}
	return a.age(rec, ev, h)
}

// timestamp rejects a record whose own timestamp cannot be right.
func (a *Admitter) timestamp(rec *Record) *Rejection {
	switch {
	case rec.Timestamp <= 0:
		return &Rejection{Reason: BadTimestamp, Detail: "the record has no timestamp: want Unix milliseconds"}
	case rec.Timestamp < earliest:
		return &Rejection{Reason: BadTimestamp, Detail: fmt.Sprintf("the record's timestamp is %d, %s: want Unix milliseconds, not seconds",
			rec.Timestamp, rec.Timestamp.Time().Format(time.RFC3339))}
	case a.ahead(rec) > 0:
		return &Rejection{Reason: InFuture, Timed: true, Ahead: true, Detail: fmt.Sprintf(
			"the record's timestamp, %s, is %s ahead of the processor's clock: want at most %s; is the producer's clock right?",
			rec.Timestamp.Time().Format(time.RFC3339), days(a.ahead(rec)+a.cfg.Future), a.cfg.Future)}
	}
	return nil
}

// future rejects what had not happened yet when the record was written, or when it is read.
func (a *Admitter) future(rec *Record, ev *event.Event, h marks) *Rejection {
	at, whose, timed := int64(h.first), "the record's timestamp", false
	if h.first < earliest || a.ahead(rec) > 0 { // of an erasure only
		at, whose = int64(rec.Log), "the log's time"
	}
	if read := int64(rec.Read); read > 0 && read < at && !rec.Appended {
		at, whose, timed = read, "the processor's clock", true
	}
	if at <= 0 {
		return nil
	}
	if over := since(ev.OccurredAt, at); over > a.cfg.Future {
		return &Rejection{Reason: InFuture, Timed: timed, Detail: fmt.Sprintf("occurred_at: %s after %s: want at most %s; are clock and zone right?", days(over), whose, a.cfg.Future)}
	}
	return nil
}

// age rejects what is older than the horizon, or than facts are kept.
func (a *Admitter) age(rec *Record, ev *event.Event, h marks) *Rejection {
	log := int64(a.LogAfter(rec))
	from, oldest, which := log, a.cfg.Horizon, "the horizon"
	switch {
	case h.history:
		oldest, which = a.cfg.Retention, "the retention"
	case h.first != rec.Timestamp:
		from = int64(h.first)
	}
	if age := since(from, ev.OccurredAt); age > oldest {
		return &Rejection{Reason: TooOld, Timed: true, Detail: fmt.Sprintf("occurred_at: %s before %s: want at most %s (%s)", days(age), a.whose(rec, from), days(oldest), which)}
	}
	if age := since(max(log, int64(rec.Read)), ev.OccurredAt); age > a.cfg.Retention {
		return &Rejection{Reason: TooOld, Timed: true, Detail: fmt.Sprintf("occurred_at: %s ago: want at most %s (the retention): its facts are not kept", days(age), days(a.cfg.Retention))}
	}
	return nil
}

// whose names the clock that an age was measured from.
func (a *Admitter) whose(rec *Record, from int64) string {
	switch from {
	case int64(rec.Timestamp):
		return "the record's timestamp"
	case int64(a.LogAfter(rec)):
		return "the latest timestamp of its partition"
	}
	return "the record's first timestamp"
}

// since returns how long after b a is, both in Unix milliseconds.
func since(a, b int64) time.Duration { return time.Duration(a-b) * time.Millisecond }

// days says a duration in days where it is long.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return d.String()
	}
	return strconv.FormatFloat(float64(d)/float64(day), 'f', 1, 64) + " days"
}
