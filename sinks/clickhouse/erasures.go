package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Subjects are what an erasure names: customers or ratings, each by its id.
type Subjects struct {
	Customers []string // in every form that they may be stored in: plain and as pseudonyms
	Ratings   []string
}

// StoredRating says where a rating is stored; an erasure needs all of it.
type StoredRating struct {
	Partition  int32
	RatingID   string
	CustomerID string
	Service    string
	OccurredAt int64 // Unix milliseconds
	Revision   uint32
	Erased     bool
}

// Erasures finds what an erasure is about, removes what no event can remove, and keeps the audit. It is safe for
// concurrent use.
type Erasures struct {
	conn    driver.Conn
	cluster string
}

// NewErasures returns the erasures of the connection's database; cluster is the name of the server's cluster, empty for a
// single server.
func NewErasures(conn driver.Conn, cluster string) *Erasures { return &Erasures{conn, cluster} }

// Epoch returns the current epoch; false when no processor has registered one yet.
func (s *Erasures) Epoch(ctx context.Context) (Epoch, bool, error) { return CurrentEpoch(ctx, s.conn) }

// Cuts returns up to which offset each partition of the epoch is durable.
func (s *Erasures) Cuts(ctx context.Context, e *Epoch) (map[int32]int64, error) {
	freshness, err := NewReader(s.conn).Freshness(ctx, e)
	if err != nil {
		return nil, err
	}
	cuts := map[int32]int64{}
	for _, c := range freshness.Checkpoints {
		cuts[c.Partition] = c.Cut
	}
	return cuts, nil
}

// idsAtOnce bounds the ids in one statement.
const idsAtOnce = 200

// Ratings returns the last version of every stored rating of the subjects, erased ones included.
func (s *Erasures) Ratings(ctx context.Context, epoch uint32, of Subjects) ([]StoredRating, error) {
	var all []StoredRating
	var r StoredRating
	err := of.each(func(column string, ids []string) error {
		// All versions of a rating share both columns, so that nothing that FINAL needs is left out.
		return each(ctx, s.conn, fmt.Sprintf(`SELECT partition, rating_id, customer_id, service, toUnixTimestamp64Milli(occurred_at), revision, erased
FROM enterprise_customer_satisfaction FINAL
PREWHERE epoch = %d AND %s IN (%s)`, epoch, column, list(ids, quote)),
			[]any{&r.Partition, &r.RatingID, &r.CustomerID, &r.Service, &r.OccurredAt, &r.Revision, &r.Erased}, func() { all = append(all, r) })
	})
	return all, failed(err, "find the ratings to erase in epoch %d", epoch)
}

// each calls f with parts of the ids and the column that holds them.
func (of Subjects) each(f func(column string, ids []string) error) error {
	for column, ids := range map[string][]string{"customer_id": of.Customers, "rating_id": of.Ratings} {
		for part := range slices.Chunk(ids, idsAtOnce) {
			if err := f(column, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// DeadLetters counts the rejected records that name one of the subjects, of all epochs.
func (s *Erasures) DeadLetters(ctx context.Context, of Subjects) (uint64, error) {
	var total uint64
	err := of.each(func(column string, ids []string) error {
		condition, err := personalDeadLetters(column, ids)
		if err != nil {
			return err
		}
		var n uint64
		err = each(ctx, s.conn, "SELECT count() FROM dead_letters FINAL WHERE "+condition, []any{&n}, func() {})
		total += n
		return err
	})
	return total, failed(err, "count the dead letters to delete")
}

// DeleteDeadLetters deletes what DeadLetters counts and returns when no active part holds it.
func (s *Erasures) DeleteDeadLetters(ctx context.Context, of Subjects) error {
	err := of.each(func(column string, ids []string) error {
		condition, err := personalDeadLetters(column, ids)
		if err != nil {
			return err
		}
		var n uint64
		err = each(ctx, s.conn, "SELECT count() FROM dead_letters WHERE "+condition, []any{&n}, func() {})
		if err != nil || n == 0 { // a deletion looks at every part, and waits for its turn
			return err
		}
		return s.delete(ctx, deadLettersTable, condition)
	})
	return failed(err, "delete dead letters")
}

// DeleteRetired deletes the ratings of the subjects from epochs that were replaced: no processor would erase them there, and
// nobody asks for their sums. Rows that a processor has erased there stay. For epochs that are being built see BlankOthers.
func (s *Erasures) DeleteRetired(ctx context.Context, of Subjects) error {
	epochs, err := Epochs(ctx, s.conn)
	if err != nil {
		return err
	}
	epochs = slices.DeleteFunc(epochs, func(e Epoch) bool { return e.State != Retired })
	if len(epochs) == 0 {
		return nil
	}
	numbers := list(epochs, func(e Epoch) string { return integer(e.Number) })
	return failed(of.each(func(column string, ids []string) error {
		return s.delete(ctx, factsTable, fmt.Sprintf("epoch IN (%s) AND NOT erased AND %s IN (%s)", numbers, column, list(ids, quote)))
	}), "delete ratings of retired epochs")
}

// deleteSettings hold for deletions and rewrites: they return when every replica has done them.
var deleteSettings = clickhouse.Settings{"mutations_sync": 2, "max_query_size": 64 << 20}

// delete rewrites the parts that hold rows of the condition.
func (s *Erasures) delete(ctx context.Context, table, condition string) error {
	return s.mutate(ctx, table, "DELETE WHERE "+condition)
}

func (s *Erasures) mutate(ctx context.Context, table, command string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(deleteSettings))
	return s.conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s", s.local(table), command))
}

// local returns the name of the table that holds the rows, with the cluster that a statement about it is for.
func (s *Erasures) local(table string) string {
	schema := schema{cluster: s.cluster}
	return strings.TrimSpace(schema.local(table) + " " + schema.onCluster())
}

// personalDeadLetters returns the condition on dead letters that name one of the ids in the column's field.
func personalDeadLetters(column string, ids []string) (string, error) {
	fields := []string{quote(column)}
	if column == "rating_id" {
		fields = append(fields, "'id'") // a CloudEvent's
	}
	return rendered("personal_dead_letters.sql", struct {
		IDs, Quoted string
		Fields      []string
	}{list(ids, quote), list(ids, func(id string) string { return quote(`"` + id + `"`) }), fields})
}

// Residue is how many versions of erased ratings, with their text, are still in parts of one month of an epoch.
type Residue struct {
	Epoch    uint32
	Month    uint32 // 202611
	Versions uint64
}

// Residue returns the months that hold text of ratings which were erased since the time.
func (s *Erasures) Residue(ctx context.Context, since time.Time) ([]Residue, error) {
	text, err := rendered("erasure_residue.sql", struct{ Since int64 }{since.Unix()})
	if err != nil {
		return nil, err
	}
	var all []Residue
	var r Residue
	err = each(ctx, s.conn, text, []any{&r.Epoch, &r.Month, &r.Versions}, func() { all = append(all, r) })
	return all, failed(err, "look for text of erased ratings")
}

// Merge merges the parts of the month into one, which holds the last version of each rating only. The replaced parts are
// removed from disk by the server within its old_parts_lifetime, 8 minutes by default.
func (s *Erasures) Merge(ctx context.Context, r Residue) error {
	err := s.conn.Exec(ctx, fmt.Sprintf("OPTIMIZE TABLE %s PARTITION (%d, %d) FINAL SETTINGS optimize_throw_if_noop = 1, alter_sync = 2", s.local(factsTable), r.Epoch, r.Month))
	return failed(err, "merge the facts of month %d, epoch %d", r.Month, r.Epoch)
}
