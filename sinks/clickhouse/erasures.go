package clickhouse

import (
	"cmp"
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
		return each(quietly(ctx), s.conn, fmt.Sprintf(`SELECT partition, rating_id, customer_id, service, toUnixTimestamp64Milli(occurred_at), revision, erased
FROM enterprise_customer_satisfaction FINAL
PREWHERE epoch = %[1]d AND %[2]s
WHERE %[3]s IN (%[4]s)`, epoch, keysOf(epoch, column, list(ids, quote), ""), column, list(ids, quote)),
			[]any{&r.Partition, &r.RatingID, &r.CustomerID, &r.Service, &r.OccurredAt, &r.Revision, &r.Erased}, func() { all = append(all, r) })
	})
	return all, failed(err, "find the ratings to erase in epoch %d", epoch)
}

// quietly keeps a statement, which names people, out of the server's log of queries.
func quietly(ctx context.Context) context.Context {
	return context.WithValue(ctx, moreSettings{}, clickhouse.Settings{"log_queries": 0, "max_query_size": 64 << 20})
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

// DeleteRetired deletes the ratings of the subjects from epochs that were replaced: no processor would erase them there, and
// nobody asks for their sums. Rows that a processor has erased there stay. For epochs that are being built see BlankOthers.
func (s *Erasures) DeleteRetired(ctx context.Context, of Subjects) error {
	rows, err := s.retired(ctx, of)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(rows, rowsAtOnce) {
		err := s.mutate(ctx, factsTable, "DELETE WHERE NOT erased AND "+among(part))
		if err == nil {
			err = s.mutate(ctx, customersTable, "DELETE WHERE NOT erased AND "+among(part))
		}
		if err != nil {
			return failed(err, "delete ratings of retired epochs")
		}
	}
	return nil
}

// Retired returns how many ratings of the subjects retired epochs hold that are not erased, in any version.
func (s *Erasures) Retired(ctx context.Context, of Subjects) (int, error) {
	rows, err := s.retired(ctx, of)
	return len(rows), err
}

func (s *Erasures) retired(ctx context.Context, of Subjects) (rows []rowAt, err error) {
	epochs, err := Epochs(ctx, s.conn)
	if err != nil {
		return nil, err
	}
	epochs = slices.DeleteFunc(epochs, func(e Epoch) bool { return e.State != Retired })
	if len(epochs) == 0 {
		return nil, nil
	}
	var r rowAt
	err = of.each(func(column string, ids []string) error {
		return each(quietly(ctx), s.conn, fmt.Sprintf("SELECT DISTINCT epoch, `partition`, toUnixTimestamp(pane), %s FROM enterprise_customer_satisfaction WHERE epoch IN (%s) AND NOT erased AND %s IN (%s)",
			ratingHash, list(epochs, func(e Epoch) string { return integer(e.Number) }), column, list(ids, quote)), []any{&r.epoch, &r.partition, &r.pane, &r.hash}, func() { rows = append(rows, r) })
	})
	return rows, failed(err, "look for ratings in retired epochs")
}

// rowAt says where the versions of a rating are, without a word of whose it is: the server keeps the text of a mutation
// longer than the rows that it was about.
type rowAt struct {
	epoch     uint32
	partition int32
	pane      uint32 // Unix seconds
	hash      uint64 // of ratingHash
}

// ratingHash tells the ratings of one pane apart.
const ratingHash = "cityHash64(rating_id, customer_id, occurred_at)"

// rowsAtOnce bounds the rows that one mutation names.
const rowsAtOnce = 5000

// among returns the condition that a row is one of these.
func among(rows []rowAt) string {
	return fmt.Sprintf("(epoch, `partition`, toUnixTimestamp(pane), %s) IN (%s)", ratingHash, list(rows, func(r rowAt) string {
		return fmt.Sprintf("(%d,%d,%d,%d)", r.epoch, r.partition, r.pane, r.hash)
	}))
}

// deleteSettings hold for deletions and rewrites: they return when every replica has done them.
var deleteSettings = clickhouse.Settings{"mutations_sync": 2, "max_query_size": 64 << 20}

// mutate changes a table; the command holds no id of a person, as the server keeps it.
func (s *Erasures) mutate(ctx context.Context, table, command string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(deleteSettings))
	return s.conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s", s.local(table), command))
}

// local returns the name of the table that holds the rows, with the cluster that a statement about it is for.
func (s *Erasures) local(table string) string {
	schema := schema{cluster: s.cluster}
	return strings.TrimSpace(schema.local(table) + " " + schema.onCluster())
}

// Residue is how many versions of erased ratings, with their text, are still in parts of one month of an epoch.
type Residue struct {
	Epoch    uint32
	Month    uint32 // 202611
	Versions uint64
}

// Residue returns the months that hold text of ratings which were erased since the time.
func (s *Erasures) Residue(ctx context.Context, since time.Time) ([]Residue, error) {
	text, err := rendered("erasure_residue.sql", struct{ Since int64 }{max(0, since.Unix())})
	if err != nil {
		return nil, err
	}
	var all []Residue
	var r Residue
	err = each(ctx, s.conn, text, []any{&r.Epoch, &r.Month, &r.Versions}, func() { all = append(all, r) })
	return all, failed(err, "look for text of erased ratings")
}

// ResidueOf returns the months that hold versions of the subjects' ratings, however long ago these were erased, that a merge
// removes; of epochs that are being built those with text.
func (s *Erasures) ResidueOf(ctx context.Context, of Subjects) ([]Residue, error) {
	found := map[Residue]uint64{}
	err := of.each(func(column string, ids []string) error {
		text, err := rendered("erasure_residue_of.sql", struct{ Column, IDs, Text string }{column, list(ids, quote), holdsText})
		if err != nil {
			return err
		}
		var r Residue
		var n uint64
		return each(quietly(ctx), s.conn, text, []any{&r.Epoch, &r.Month, &n}, func() { found[r] += n })
	})
	var all []Residue
	for r, n := range found {
		all = append(all, Residue{r.Epoch, r.Month, n})
	}
	slices.SortFunc(all, func(a, b Residue) int { return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Month, b.Month)) })
	return all, failed(err, "look for replaced versions of the ratings to erase")
}

// Merge merges the parts of the month into one, which holds the last version of each rating only. The replaced parts are
// removed from disk by the server within its old_parts_lifetime, 8 minutes by default.
func (s *Erasures) Merge(ctx context.Context, r Residue) error {
	err := s.conn.Exec(ctx, fmt.Sprintf("OPTIMIZE TABLE %s PARTITION (%d, %d) FINAL SETTINGS optimize_throw_if_noop = 1, alter_sync = 2", s.local(factsTable), r.Epoch, r.Month))
	return failed(err, "merge the facts of month %d, epoch %d", r.Month, r.Epoch)
}

// pseudonym is what customer_ids: hmac stores; see admit.Pseudonym.
const pseudonym = "^[0-9a-f]{32}$"

// Pseudonyms returns whether the customer ids that the epoch stored last are pseudonyms.
func (s *Erasures) Pseudonyms(ctx context.Context, epoch uint32) (yes bool, err error) {
	err = each(ctx, s.conn, fmt.Sprintf(`SELECT count() > 0 AND min(match(customer_id, %s)) FROM
(SELECT customer_id FROM enterprise_customer_satisfaction WHERE epoch = %d ORDER BY `+"`partition`"+` DESC, pane DESC LIMIT 1000)`, quote(pseudonym), epoch), []any{&yes}, func() {})
	return yes, failed(err, "look how customer ids of epoch %d are stored", epoch)
}
