package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/alert"
)

// RatingVersion is a version of a rating that was stored lately. It may have been replaced since.
type RatingVersion struct {
	alert.Rating
	Version uint64
}

// Look says which versions of ratings Stored returns.
type Look struct {
	From, To alert.Seen // offsets of the log, To exclusive
	Arrived  time.Time  // timestamp of the Kafka record from; keeps out a backlog, but not corrections and erasures
	Rated    time.Time  // given from, or in the same pane
}

// Durable returns how much of the log is durable in the epoch: whoever reads facts after it finds what each record below
// made of its rating. Neither clocks nor the time that an insert takes matter.
func (s *Alerts) Durable(ctx context.Context, e *Epoch) (alert.Seen, error) {
	seen := alert.Seen{Epoch: e.Number, Next: make([]int64, e.Definition.Partitions)}
	checkpoints, err := EpochCheckpoints(ctx, s.conn, e)
	for p, c := range checkpoints {
		seen.Next[p] = c.Cut
	}
	return seen, err
}

// ArrivedFrom returns the least offset of each partition whose record has a timestamp from the time on, among ratings that
// were given since; where there is none, the offset of the end.
func (s *Alerts) ArrivedFrom(ctx context.Context, e *Epoch, end alert.Seen, arrived, rated time.Time) (alert.Seen, error) {
	from := alert.Seen{Epoch: end.Epoch, Next: slices.Clone(end.Next)}
	var partition int32
	var offset int64
	grid := e.Definition.Grid()
	err := each(ctx, s.conn, fmt.Sprintf(`SELECT partition, min(offset)
FROM enterprise_customer_satisfaction
PREWHERE epoch = %d AND pane >= %d AND record_timestamp >= %s
GROUP BY partition`, e.Number, seconds(&grid, grid.PaneOf(rated.UnixMilli())), millis(arrived)), []any{&partition, &offset}, func() {
		if int(partition) < len(from.Next) {
			from.Next[partition] = min(from.Next[partition], offset)
		}
	})
	return from, failed(err, "look for ratings that arrived since %s", arrived.UTC().Format(time.RFC3339))
}

// Stored returns the versions of ratings that records of a part of the log have left, each of which may have been replaced
// by a later one.
func (s *Alerts) Stored(ctx context.Context, e *Epoch, look Look) ([]RatingVersion, error) {
	spans := look.spans()
	if len(spans) == 0 {
		return nil, nil
	}
	grid := e.Definition.Grid()
	var all []RatingVersion
	var r RatingVersion
	scan := r.scan()
	err := each(ctx, s.conn, fmt.Sprintf(`SELECT %s, NOT erased AND NOT quarantined AND NOT staff, version
FROM enterprise_customer_satisfaction
PREWHERE epoch = %d AND pane >= %d AND (%s) AND (record_timestamp >= %s OR revision > 0 OR erased OR quarantined)`,
		ratingColumns, e.Number, seconds(&grid, grid.PaneOf(look.Rated.UnixMilli())), strings.Join(spans, " OR "), millis(look.Arrived)),
		append(scan.dest, &r.Counts, &r.Version), func() { scan.take(); all = append(all, r) })
	return all, failed(err, "look for ratings that were stored")
}

// spans are conditions, one for each partition of which there is something to read.
func (l *Look) spans() []string {
	var all []string
	for p, to := range l.To.Next {
		from := int64(0)
		if p < len(l.From.Next) {
			from = l.From.Next[p]
		}
		if from < to {
			all = append(all, fmt.Sprintf("partition = %d AND offset >= %d AND offset < %d", p, from, to))
		}
	}
	return all
}

// Ratings returns the last version of each rating of the customers that was given in the time, both ends included, by
// customer, the oldest first; erased and quarantined ones too, which do not count.
func (s *Alerts) Ratings(ctx context.Context, e *Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error) {
	all := map[string][]alert.Rating{}
	for part := range slices.Chunk(customers, idsAtOnce) {
		if err := s.ratings(ctx, customerRatingsQuery(e, part, from, to, ""), all); err != nil {
			return nil, failed(err, "read the ratings of %d customers", len(customers))
		}
	}
	return all, nil
}

// RatingsOf returns those of Ratings that have one of the ids.
func (s *Alerts) RatingsOf(ctx context.Context, e *Epoch, customers, ids []string, from, to time.Time) (map[string][]alert.Rating, error) {
	all := map[string][]alert.Rating{}
	for part := range slices.Chunk(ids, idsAtOnce) {
		if err := s.ratings(ctx, customerRatingsQuery(e, customers, from, to, " AND rating_id IN ("+list(part, quote)+")"), all); err != nil {
			return nil, failed(err, "read %d ratings of %d customers", len(ids), len(customers))
		}
	}
	return all, nil
}

// OfOthers returns the ids of those of the ratings that are another customer's by now: their producer broke the identity of the
// rating. Facts hold one version of such a rating, and by customer there is one of each.
func (s *Alerts) OfOthers(ctx context.Context, e *Epoch, ratings []alert.Rating) (map[string]bool, error) {
	grid := e.Definition.Grid()
	mine := make(map[string]string, len(ratings))
	for i := range ratings {
		mine[ratings[i].RatingID] = ratings[i].CustomerID
	}
	others := map[string]bool{}
	var id, customer string
	for part := range slices.Chunk(ratings, idsAtOnce) {
		err := each(ctx, s.conn, fmt.Sprintf("SELECT rating_id, customer_id FROM enterprise_customer_satisfaction FINAL PREWHERE epoch = %d AND (`partition`, pane, rating_id) IN (%s)",
			e.Number, list(part, func(x alert.Rating) string {
				return fmt.Sprintf("(%d,%d,%s)", x.Partition, seconds(&grid, grid.PaneOf(x.OccurredAt.UnixMilli())), quote(x.RatingID))
			})), []any{&id, &customer}, func() {
			if customer != mine[id] {
				others[id] = true
			}
		})
		if err != nil {
			return nil, failed(err, "read whose %d ratings are", len(ratings))
		}
	}
	return others, nil
}

func (s *Alerts) ratings(ctx context.Context, query string, into map[string][]alert.Rating) error {
	var r alert.Rating
	scan := scanRating(&r)
	return each(ctx, s.conn, query, append(scan.dest, &r.Counts), func() {
		scan.take()
		into[r.CustomerID] = append(into[r.CustomerID], r)
	})
}

// customerRatingsQuery filters before FINAL by what all versions of a rating share: its customer, its pane and its id.
func customerRatingsQuery(e *Epoch, customers []string, from, to time.Time, more string) string {
	grid := e.Definition.Grid()
	return fmt.Sprintf(`SELECT %s, counts
FROM customer_ratings FINAL
PREWHERE epoch = %d AND customer_id IN (%s) AND pane >= %d AND pane <= %d%s
WHERE occurred_at >= %s AND occurred_at <= %s
ORDER BY occurred_at, rating_id`, ratingColumns, e.Number, list(customers, quote), seconds(&grid, grid.PaneOf(from.UnixMilli())),
		seconds(&grid, grid.PaneOf(to.UnixMilli())), more, millis(from), millis(to))
}

// ratingColumns are scanned by a ratingScan.
const ratingColumns = `customer_id, rating_id, partition, offset, toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(record_timestamp), service, segment, rating_hundredths`

// ratingScan is where the columns of a rating are scanned to.
type ratingScan struct {
	dest              []any
	to                *alert.Rating
	occurred, arrived int64
	hundredths        uint16
}

func scanRating(r *alert.Rating) *ratingScan {
	s := &ratingScan{to: r}
	s.dest = []any{&r.CustomerID, &r.RatingID, &r.Partition, &r.Offset, &s.occurred, &s.arrived, &r.Service, &r.Segment, &s.hundredths}
	return s
}

func (r *RatingVersion) scan() *ratingScan { return scanRating(&r.Rating) }

func (s *ratingScan) take() {
	s.to.OccurredAt, s.to.ArrivedAt, s.to.Rating = time.UnixMilli(s.occurred).UTC(), time.UnixMilli(s.arrived).UTC(), int32(s.hundredths)
}

// CustomerSums returns the sums of the customers' ratings that were given since, of the last version of each that counts, by
// customer, for the rules.
func (s *Alerts) CustomerSums(ctx context.Context, e *Epoch, customers []string, rules *alert.Rules, since time.Time) (map[string]alert.Sums, error) {
	all := map[string]alert.Sums{}
	grid := e.Definition.Grid()
	var customer string
	var n int64
	var b alert.Bucket
	threshold, satisfied := rules.Bands()
	for part := range slices.Chunk(customers, idsAtOnce) {
		err := each(ctx, s.conn, fmt.Sprintf(`SELECT customer_id, toInt64(intDiv(toUnixTimestamp64Milli(occurred_at), %[1]d)) AS bucket,
  toInt64(countIf(rating_hundredths >= %[2]d)), toInt64(countIf(rating_hundredths < %[2]d)),
  toInt64(sumIf(rating_hundredths - %[3]d, rating_hundredths > %[3]d)), toInt64(sumIf(%[3]d - rating_hundredths, rating_hundredths < %[3]d))
FROM customer_ratings FINAL
PREWHERE epoch = %[4]d AND customer_id IN (%[5]s) AND pane >= %[6]d
WHERE counts AND rating_hundredths > 0 AND occurred_at >= %[7]s
GROUP BY customer_id, bucket`, rules.BucketLength().Milliseconds(), satisfied, threshold, e.Number, list(part, quote),
			seconds(&grid, grid.PaneOf(since.UnixMilli())), millis(since)),
			[]any{&customer, &n, &b.Satisfied, &b.Others, &b.Above, &b.Below}, func() {
				if all[customer] == nil {
					all[customer] = alert.Sums{}
				}
				added := b
				all[customer][n] = &added
			})
		if err != nil {
			return nil, failed(err, "sum up the ratings of %d customers", len(customers))
		}
	}
	return all, nil
}
