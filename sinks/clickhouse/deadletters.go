package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/event"
)

// Position is where a record is in the topic.
type Position struct {
	Partition int32
	Offset    int64
}

// String returns partition and offset as people write them: 3:1205.
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Partition, p.Offset) }

// DeadLetter is a stored rejected record.
type DeadLetter struct {
	Position
	Timestamp  time.Time // of the record, which its producer gave
	Arrived    time.Time // when the broker appended the record, where the topic says so, else when it was first read
	Stored     time.Time // when it was rejected
	Reason     string
	Detail     string
	Replayed   time.Time // when it was last produced again; zero for never
	ReplayedBy string

	// What the record holds; only of letters that were read whole. It may be personal.
	Key     []byte
	Value   []byte
	Headers []event.Header
}

// First returns the timestamp that a replay keeps: the record's own, where that is no later than its arrival and not
// absurd, else the arrival.
func (l *DeadLetter) First() time.Time {
	if l.Timestamp.After(l.Arrived) || l.Timestamp.Year() < 2000 {
		return l.Arrived
	}
	return l.Timestamp
}

// DeadLetterFilter says which dead letters are meant; an empty field leaves the choice open.
type DeadLetterFilter struct {
	Reasons      []string // each a reason, or the part of it before the colon
	Partitions   []int32
	Positions    []Position
	Since, Until time.Time // of the arrival; Until is exclusive
	Open         bool      // only those that were never produced again
	Limit        int       // at most so many, the newest; 0 for all
}

// DeadLetterReason is how many letters there are of one reason.
type DeadLetterReason struct {
	Reason      string
	Letters     uint64
	Replayed    uint64 // of them, produced again
	First, Last time.Time
}

// DeadLetters reads the dead letters of one epoch, and notes which were produced again. It is safe for concurrent use.
type DeadLetters struct {
	conn  driver.Conn
	epoch uint32
}

// NewDeadLetters returns the dead letters of the epoch.
func NewDeadLetters(conn driver.Conn, epoch uint32) *DeadLetters { return &DeadLetters{conn, epoch} }

// deadLetterQuery is the data of dead_letters.sql and dead_letter_reasons.sql.
type deadLetterQuery struct {
	Epoch       uint32
	Condition   string
	Whole, Open bool
	Limit       uint64
}

func (d *DeadLetters) query(f *DeadLetterFilter, whole bool) deadLetterQuery {
	q := deadLetterQuery{Epoch: d.epoch, Condition: f.condition(), Whole: whole, Open: f.Open, Limit: 1 << 62}
	if f.Limit > 0 {
		q.Limit = uint64(f.Limit)
	}
	return q
}

// condition returns the filter as a condition on columns in which the copies of a letter do not differ, with an AND before it.
func (f *DeadLetterFilter) condition() string {
	var all []string
	if len(f.Reasons) > 0 {
		all = append(all, fmt.Sprintf("(reason IN (%s) OR substringIndex(reason, ':', 1) IN (%[1]s))", list(f.Reasons, quote)))
	}
	if len(f.Partitions) > 0 {
		all = append(all, "partition IN ("+list(f.Partitions, integer)+")")
	}
	if len(f.Positions) > 0 {
		all = append(all, "(partition, `offset`) IN ("+list(f.Positions, func(p Position) string { return "(" + integer(p.Partition) + "," + integer(p.Offset) + ")" })+")")
	}
	if !f.Since.IsZero() {
		all = append(all, "arrived_at >= "+millis(f.Since))
	}
	if !f.Until.IsZero() {
		all = append(all, "arrived_at < "+millis(f.Until))
	}
	if len(all) == 0 {
		return ""
	}
	return " AND " + strings.Join(all, " AND ")
}

// millis returns the time as a literal.
func millis(t time.Time) string {
	return fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", t.UnixMilli())
}

// Reasons returns how many letters of each reason the filter means, the most frequent first. Its Limit is not heeded.
func (d *DeadLetters) Reasons(ctx context.Context, f DeadLetterFilter) ([]DeadLetterReason, error) {
	text, err := rendered("dead_letter_reasons.sql", d.query(&f, false))
	if err != nil {
		return nil, err
	}
	var all []DeadLetterReason
	var r DeadLetterReason
	var first, last int64
	err = each(ctx, d.conn, text, []any{&r.Reason, &r.Letters, &r.Replayed, &first, &last}, func() {
		r.First, r.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
		all = append(all, r)
	})
	return all, failed(err, "count the dead letters of epoch %d", d.epoch)
}

// List returns the letters that the filter means, without what the records hold, the newest first.
func (d *DeadLetters) List(ctx context.Context, f DeadLetterFilter) ([]DeadLetter, error) {
	return d.read(ctx, &f, false)
}

// Whole returns the letters that the filter means with what the records hold, the newest first.
func (d *DeadLetters) Whole(ctx context.Context, f DeadLetterFilter) ([]DeadLetter, error) {
	return d.read(ctx, &f, true)
}

func (d *DeadLetters) read(ctx context.Context, f *DeadLetterFilter, whole bool) ([]DeadLetter, error) {
	text, err := rendered("dead_letters.sql", d.query(f, whole))
	if err != nil {
		return nil, err
	}
	var all []DeadLetter
	var l DeadLetter
	var written, arrived, stored, replayed int64
	var key, value string
	var headerKeys, headerValues []string
	dest := []any{&l.Partition, &l.Offset, &written, &arrived, &stored, &l.Reason, &l.Detail, &replayed, &l.ReplayedBy}
	if whole {
		dest = append(dest, &key, &value, &headerKeys, &headerValues)
	}
	err = each(ctx, d.conn, text, dest, func() {
		l.Timestamp, l.Arrived, l.Stored, l.Replayed = time.UnixMilli(written).UTC(), time.UnixMilli(arrived).UTC(), time.UnixMilli(stored).UTC(), time.Time{}
		if replayed > 0 {
			l.Replayed = time.UnixMilli(replayed).UTC()
		}
		l.Key, l.Value, l.Headers = []byte(key), []byte(value), nil
		for i := range headerKeys {
			l.Headers = append(l.Headers, event.Header{Key: headerKeys[i], Value: []byte(headerValues[i])})
		}
		all = append(all, l)
	})
	return all, failed(err, "read the dead letters of epoch %d", d.epoch)
}

// MarkReplayed notes that the records were produced again.
func (d *DeadLetters) MarkReplayed(ctx context.Context, positions []Position, at time.Time, by string) error {
	const most = 10_000
	stamp := quote(at.UTC().Format("2006-01-02 15:04:05.000")) // a literal: an expression takes milliseconds for each row
	for part := range slices.Chunk(positions, most) {
		rows := list(part, func(p Position) string {
			return fmt.Sprintf("(%d,%d,%d,%s,%s)", d.epoch, p.Partition, p.Offset, stamp, quote(by))
		})
		err := d.conn.Exec(ctx, "INSERT INTO dead_letters_replayed (epoch, partition, `offset`, replayed_at, replayed_by) SETTINGS async_insert = 0 VALUES "+rows)
		if err != nil {
			return failed(err, "note that %d dead letters were replayed", len(positions))
		}
	}
	return nil
}
