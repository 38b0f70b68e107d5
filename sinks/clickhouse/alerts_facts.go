package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"satisflow/pipeline/alert"
)

// InsertedFact is a version of a rating that was stored lately.
type InsertedFact struct {
	CustomerID string
	RatingID   string
	Version    uint64
	InsertedAt time.Time // by the server's clock
}

// Look says which versions of ratings Inserted looks for.
type Look struct {
	Since   time.Time // stored since, by the server's clock; rows appear a little later than they are stored at
	Arrived time.Time // timestamp of the Kafka record from; keeps out a backlog that is worked off
	Rated   time.Time // given from, or in the same pane; keeps the search short
}

// Inserted returns the versions of ratings of the epoch that were stored lately, replaced and erased ones too, and the
// server's clock as it was before they were read.
func (s *Alerts) Inserted(ctx context.Context, e *Epoch, look Look) ([]InsertedFact, time.Time, error) {
	var all []InsertedFact
	var f InsertedFact
	var inserted int64
	now, err := s.look(ctx, "customer_id, rating_id, version, toUnixTimestamp64Milli(inserted_at)", e, look,
		[]any{&f.CustomerID, &f.RatingID, &f.Version, &inserted}, func() {
			f.InsertedAt = time.UnixMilli(inserted).UTC()
			all = append(all, f)
		})
	return all, now, err
}

// InsertedCustomers returns the customers of what Inserted returns, each once, in order.
func (s *Alerts) InsertedCustomers(ctx context.Context, e *Epoch, look Look) ([]string, time.Time, error) {
	var all []string
	var id string
	now, err := s.look(ctx, "DISTINCT customer_id", e, look, []any{&id}, func() { all = append(all, id) })
	slices.Sort(all)
	return all, now, err
}

// look selects from the versions that a look is for.
func (s *Alerts) look(ctx context.Context, columns string, e *Epoch, look Look, dest []any, row func()) (time.Time, error) {
	var now int64
	if err := each(ctx, s.conn, "SELECT toUnixTimestamp64Milli(now64(3))", []any{&now}, func() {}); err != nil {
		return time.Time{}, failed(err, "read the server's clock")
	}
	grid := e.Definition.Grid()
	err := each(ctx, s.conn, fmt.Sprintf(`SELECT %s
FROM enterprise_customer_satisfaction
PREWHERE epoch = %d AND pane >= %d AND inserted_at >= %s AND record_timestamp >= %s`,
		columns, e.Number, seconds(&grid, grid.PaneOf(look.Rated.UnixMilli())), millis(look.Since), millis(look.Arrived)), dest, row)
	return time.UnixMilli(now).UTC(), failed(err, "look for ratings that were stored since %s", look.Since.UTC().Format(time.RFC3339))
}

// Ratings returns the last version of each rating of the customers that was given in the time, both ends included, by
// customer, the oldest first; erased and quarantined ones too, which do not count.
func (s *Alerts) Ratings(ctx context.Context, e *Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error) {
	all := map[string][]alert.Rating{}
	var r alert.Rating
	var occurred, arrived int64
	var hundredths uint16
	dest := []any{&r.CustomerID, &r.RatingID, &occurred, &arrived, &r.Service, &r.Segment, &hundredths, &r.Counts}
	for part := range slices.Chunk(customers, idsAtOnce) {
		err := each(ctx, s.conn, customerRatingsQuery(e, part, from, to), dest, func() {
			r.OccurredAt, r.ArrivedAt, r.Rating = time.UnixMilli(occurred).UTC(), time.UnixMilli(arrived).UTC(), int32(hundredths)
			all[r.CustomerID] = append(all[r.CustomerID], r)
		})
		if err != nil {
			return nil, failed(err, "read the ratings of %d customers", len(customers))
		}
	}
	return all, nil
}

// customerRatingsQuery filters by the pane before FINAL, as versions of a rating share it, and by the customer behind it.
func customerRatingsQuery(e *Epoch, customers []string, from, to time.Time) string {
	grid, ids := e.Definition.Grid(), list(customers, quote)
	panes := fmt.Sprintf(" AND pane >= %d AND pane <= %d", seconds(&grid, grid.PaneOf(from.UnixMilli())), seconds(&grid, grid.PaneOf(to.UnixMilli())))
	return fmt.Sprintf(`SELECT customer_id, rating_id, toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(record_timestamp), service, segment,
  rating_hundredths, NOT erased AND NOT quarantined AND NOT staff
FROM enterprise_customer_satisfaction FINAL
PREWHERE epoch = %d%s AND %s
WHERE customer_id IN (%s) AND occurred_at >= %s AND occurred_at <= %s
ORDER BY occurred_at, rating_id`, e.Number, panes, keysOf(e.Number, "customer_id", ids, panes), ids, millis(from), millis(to))
}
