package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// Copier reads the facts of an epoch, whole, for another one.
type Copier struct {
	conn  driver.Conn
	epoch *Epoch
	extra []string // declared quality metrics of the other epoch
}

// NewCopier returns a copier of the epoch for one with the definition.
func NewCopier(conn driver.Conn, epoch *Epoch, to *window.Definition) *Copier {
	return &Copier{conn: conn, epoch: epoch, extra: extraNames(to)}
}

// Slice is a span of occurred_at, Unix seconds, To exclusive, and about how many facts are in it.
type Slice struct {
	From, To int64
	Facts    uint64
}

// sliceFacts bounds what the server sorts at once, unless one hour alone holds more.
const sliceFacts = 200_000

// Slices divides the time of all facts.
func (c *Copier) Slices(ctx context.Context) ([]Slice, error) {
	const never = 1 << 32 // panes end before: their column has 32 bits
	var slices []Slice
	var hour uint32
	var facts uint64
	err := each(ctx, c.conn, fmt.Sprintf(`SELECT toUInt32(toStartOfHour(pane)) AS hour, count()
FROM enterprise_customer_satisfaction WHERE epoch = %d GROUP BY hour ORDER BY hour`, c.epoch.Number), []any{&hour, &facts}, func() {
		if n := len(slices); n > 0 && slices[n-1].Facts+facts <= sliceFacts {
			slices[n-1].Facts += facts
			return
		} else if n > 0 {
			slices[n-1].To = int64(hour)
		}
		slices = append(slices, Slice{From: int64(hour), To: never, Facts: facts})
	})
	return slices, failed(err, "look for the facts of epoch %d", c.epoch.Number)
}

// copySettings let the reader of the rows pause for a flush.
var copySettings = clickhouse.Settings{
	"do_not_merge_across_partitions_select_final": 1, "max_threads": 1, "max_bytes_before_external_sort": 512 << 20,
	"send_timeout": 3600, "http_send_timeout": 3600,
}

// Facts calls yield for the last version of every fact of the slice, in order of occurred_at, that was read before its
// partition's cut. The fact is valid during the call only; its pane is the one of this epoch.
func (c *Copier) Facts(ctx context.Context, s Slice, cuts map[int32]owner.Checkpoint, yield func(*fact.Fact) error) error {
	rows, err := c.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(copySettings)), c.query(s, cuts))
	if err != nil {
		return failed(err, "read the facts of epoch %d from %s", c.epoch.Number, instant(s.From))
	}
	defer rows.Close()
	var row wholeRow
	dest := row.destinations(len(c.extra))
	grid := c.epoch.Definition.Grid()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return failed(err, "read a fact of epoch %d", c.epoch.Number)
		}
		if err := yield(row.take(&grid)); err != nil {
			return err
		}
	}
	return failed(rows.Err(), "read the facts of epoch %d from %s", c.epoch.Number, instant(s.From))
}

// query filters by the pane before FINAL and by all else after it.
func (c *Copier) query(s Slice, cuts map[int32]owner.Checkpoint) string {
	var more strings.Builder
	for _, name := range c.extra {
		fmt.Fprintf(&more, ", if(mapContains(quality_extra, %[1]s), quality_extra[%[1]s], %[2]s)", quote(name), missing)
	}
	grid := c.epoch.Definition.Grid()
	return fmt.Sprintf(`SELECT partition, rating_id, version, offset, toUnixTimestamp64Milli(record_timestamp), toUnixTimestamp64Milli(occurred_at), revision,
  erased, quarantined, staff, customer_id, service, product_id, channel, segment, source, rating_hundredths, comment, language, survey_id, invitation_id,
  comment_truncated, answers_truncated, attributes, answers, %s%s
FROM enterprise_customer_satisfaction FINAL
PREWHERE epoch = %d AND pane >= toDateTime(%d, 'UTC') AND toUnixTimestamp(pane) < %d
WHERE toUnixTimestamp64Milli(occurred_at) >= %d AND toUnixTimestamp64Milli(occurred_at) < %d AND offset < %s
ORDER BY occurred_at`, strings.Join(factQuality[:], ", "), more.String(), c.epoch.Number, max(0, s.From-grid.PaneMS/1000), s.To, s.From*1000, s.To*1000,
		byPartition(cuts, func(c owner.Checkpoint) int64 { return c.Cut }))
}

// wholeRow is a fact as it is copied.
type wholeRow struct {
	f                   fact.Fact
	erased              bool
	rating              uint16
	attributes, answers map[string]string
}

// destinations are in the order of Copier.query.
func (r *wholeRow) destinations(extra int) []any {
	e := &r.f.Event
	e.Quality = event.NoQuality()
	dest := []any{&r.f.Partition, &e.RatingID, &r.f.Version, &r.f.Offset, &r.f.Timestamp, &e.OccurredAt, &e.Revision,
		&r.erased, &e.Quarantined, &e.Staff, &e.CustomerID, &e.Service, &e.ProductID, &e.Channel, &e.Segment, &e.Source, &r.rating,
		&e.Comment, &e.Language, &e.SurveyID, &e.InvitationID, &e.CommentTruncated, &e.AnswersTruncated, &r.attributes, &r.answers}
	for i := range event.BuiltinQuality + extra {
		dest = append(dest, &e.Quality[i])
	}
	return dest
}

func (r *wholeRow) take(g *window.Grid) *fact.Fact {
	e := &r.f.Event
	e.Op, e.Rating, r.f.Pane = event.Put, int32(r.rating), g.PaneOf(e.OccurredAt)
	if r.erased {
		e.Op = event.Erase
	}
	e.Attributes, e.Answers = nil, nil
	for _, key := range sorted(r.attributes) {
		e.Attributes = append(e.Attributes, event.Pair{Key: key, Value: r.attributes[key]})
	}
	for _, key := range sorted(r.answers) {
		e.Answers = append(e.Answers, event.Answer{Question: key, Value: r.answers[key]})
	}
	return &r.f
}

func sorted(m map[string]string) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// CopyDeadLetters gives an epoch of the same topic the dead letters of another.
func CopyDeadLetters(ctx context.Context, conn driver.Conn, from, to uint32) error {
	err := conn.Exec(ctx, fmt.Sprintf(`INSERT INTO dead_letters SELECT * REPLACE (toUInt32(%d) AS epoch) FROM (SELECT * FROM dead_letters FINAL WHERE epoch = %d)
SETTINGS async_insert = 0, max_partitions_per_insert_block = 0`, to, from))
	return failed(err, "copy the dead letters of epoch %d", from)
}
