package clickhouse

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/owner"
)

// BeginEpoch registers the epoch as Building, or returns it when it is that already and has the definition. The number
// must be above the current one's.
func BeginEpoch(ctx context.Context, conn driver.Conn, e Epoch, now time.Time) (Epoch, error) {
	if err := e.Definition.Validate(); err != nil {
		return Epoch{}, permanentError{err}
	}
	epochs, err := Epochs(ctx, conn)
	if err != nil {
		return Epoch{}, err
	}
	for _, known := range epochs {
		switch {
		case known.State == Current && known.Number >= e.Number:
			return Epoch{}, permanentf("epoch %d is current: a new epoch has a higher number", known.Number)
		case known.Number != e.Number:
		case known.State != Building:
			return Epoch{}, permanentf("epoch %d is %s: take a number that was never used", e.Number, known.State)
		case known.Definition.Hash() != e.Definition.Hash():
			return Epoch{}, permanentf("epoch %d is being built for another configuration: %s: change it back, or take another number",
				e.Number, Differences(&known.Definition, &e.Definition))
		case !known.Log.Same(e.Log):
			return Epoch{}, permanentf("epoch %d is being built from %s, not from %s: take another number", e.Number, known.Log, e.Log)
		default:
			return known, nil
		}
	}
	e.State = Building
	return e, PutEpoch(ctx, conn, e, now)
}

// SwitchEpoch lets readers follow the epoch from now on and retires the current one, both in one insert: no reader sees
// none or two. It returns nil when a look has shown that they do. The caller holds RegistrationLease.
func SwitchEpoch(ctx context.Context, conn driver.Conn, number uint32, now time.Time) error {
	rows, err := epochRows(ctx, conn)
	if err != nil {
		return err
	}
	version := uint64(now.UnixMicro())
	var changed []Epoch
	for i := range rows {
		version = max(version, rows[i].Version+1) // whatever the clock of the one who wrote it
		e, err := rows[i].epoch()
		switch {
		case err != nil:
			return err
		case e.Number == number:
			e.State = Current
		case e.State == Current:
			e.State = Retired
		default:
			continue
		}
		changed = append(changed, e)
	}
	if err := putEpochs(ctx, conn, version, changed...); err != nil {
		return err
	}
	current, found, err := CurrentEpoch(ctx, conn)
	if err == nil && (!found || current.Number != number) {
		err = fmt.Errorf("readers were to follow epoch %d, and follow epoch %d: was it switched or dropped at the same time?", number, current.Number)
	}
	return err
}

// DropEpoch removes all rows of an epoch that is not current, but for its dead letters, which expire by themselves, and
// keeps its number as Retired.
func DropEpoch(ctx context.Context, conn driver.Conn, cluster string, number uint32, now time.Time) error {
	e, err := EpochNumber(ctx, conn, number)
	switch {
	case err != nil:
		return err
	case e.State == Current:
		return permanentf("epoch %d is current: readers follow it", number)
	}
	e.State = Retired
	if err := PutEpoch(ctx, conn, e, now); err != nil {
		return err
	}
	return ClearEpoch(ctx, conn, cluster, number)
}

// ClearEpoch removes all rows of an epoch but for its dead letters and its own.
func ClearEpoch(ctx context.Context, conn driver.Conn, cluster string, number uint32) error {
	for _, table := range []struct{ name, month string }{
		{windowsTable, "toYYYYMM(window_end)"}, {panesTable, "toYYYYMM(pane)"}, {factsTable, "toYYYYMM(pane)"}, {customersTable, "toYYYYMM(pane)"}, {checkpointsTable, ""},
	} {
		if err := dropRows(ctx, conn, schema{cluster: cluster}, table.name, table.month, number); err != nil {
			return failed(err, "drop epoch %d from %s", number, table.name)
		}
	}
	return nil
}

// dropRows drops the epoch's partitions of a table.
func dropRows(ctx context.Context, conn driver.Conn, s schema, table, month string, epoch uint32) error {
	partitions := []string{fmt.Sprint(epoch)}
	if month != "" {
		partitions = nil
		var m uint32
		query := fmt.Sprintf("SELECT DISTINCT %s AS month FROM %s WHERE epoch = %d ORDER BY month", month, table, epoch)
		if err := each(ctx, conn, query, []any{&m}, func() { partitions = append(partitions, fmt.Sprintf("(%d, %d)", epoch, m)) }); err != nil {
			return err
		}
	}
	for _, p := range partitions {
		if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s DROP PARTITION %s", s.local(table), s.onCluster(), p)); err != nil {
			return err
		}
	}
	return nil
}

// LastWritten returns when a checkpoint of the epoch was last stored, the zero time when none was.
func LastWritten(ctx context.Context, conn driver.Conn, epoch uint32) (at time.Time, err error) {
	var ms int64
	err = each(ctx, conn, fmt.Sprintf("SELECT toUnixTimestamp64Milli(max(updated_at)) FROM pipeline_checkpoints WHERE epoch = %d HAVING count() > 0", epoch),
		[]any{&ms}, func() { at = time.UnixMilli(ms) })
	return at, failed(err, "read when epoch %d was last written", epoch)
}

// Totals are what an epoch holds altogether.
type Totals struct {
	Facts    uint64 // ratings by id, erased ones included
	Erased   uint64
	Sums               // of the panes over all partitions, of the dimension overall
	Filled   bool      // every partition has a checkpoint
	Complete time.Time // the least watermark of the partitions; zero where one has none, or has read nothing yet
}

// Sums are those figures of an epoch that people compare.
type Sums struct{ Ratings, Unscored, Satisfied, Highly, Dissatisfied, RatingSum int64 }

// EpochTotals returns what the epoch holds.
func EpochTotals(ctx context.Context, conn driver.Conn, e *Epoch) (t Totals, err error) {
	text, err := rendered("epoch_totals.sql", e.Number)
	if err != nil {
		return t, err
	}
	err = each(ctx, conn, text, []any{&t.Facts, &t.Erased, &t.Ratings, &t.Unscored, &t.Satisfied, &t.Highly, &t.Dissatisfied, &t.RatingSum}, func() {})
	if err != nil {
		return t, failed(err, "sum up epoch %d", e.Number)
	}
	checkpoints, err := EpochCheckpoints(ctx, conn, e)
	if err != nil || len(checkpoints) < e.Definition.Partitions {
		return t, err
	}
	t.Filled = true
	least := int64(math.MaxInt64)
	for _, c := range checkpoints {
		least = min(least, c.Watermark)
	}
	if least > 0 {
		t.Complete = time.UnixMilli(least).UTC()
	}
	return t, nil
}

// MissingRatings returns how many ratings that count, or are quarantined, in an epoch another one does not hold at all. With
// ahead those are left out that the other epoch has not read yet, by its checkpoints: both are of one topic.
func MissingRatings(ctx context.Context, conn driver.Conn, in, other *Epoch, ahead bool) (missing uint64, err error) {
	cut := fmt.Sprint(int64(math.MaxInt64))
	if ahead {
		checkpoints, err := EpochCheckpoints(ctx, conn, other)
		if err != nil {
			return 0, err
		}
		cut = byPartition(checkpoints, func(c owner.Checkpoint) int64 { return c.Cut })
	}
	text, err := rendered("missing_ratings.sql", struct {
		In, Other uint32
		Cut       string
	}{in.Number, other.Number, cut})
	if err != nil {
		return 0, err
	}
	err = each(ctx, conn, text, []any{&missing}, func() {})
	return missing, failed(err, "compare the ratings of epochs %d and %d", in.Number, other.Number)
}

// CopyReplayed notes in an epoch of the same topic which dead letters of another were produced again.
func CopyReplayed(ctx context.Context, conn driver.Conn, from, to uint32) error {
	err := conn.Exec(ctx, fmt.Sprintf(`INSERT INTO dead_letters_replayed SELECT * REPLACE (toUInt32(%d) AS epoch) FROM (SELECT * FROM dead_letters_replayed FINAL WHERE epoch = %d)
SETTINGS async_insert = 0`, to, from))
	return failed(err, "copy which dead letters of epoch %d were replayed", from)
}
