package oracle

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Comparison is the result of holding what is stored against the oracle.
type Comparison struct {
	Facts, Panes, Windows int      // rows compared, of the oracle and surplus ones
	Differences           int      // rows that differ, are missing or are surplus
	Examples              []string // the first of them
}

func (c *Comparison) differ(format string, args ...any) {
	if c.Differences++; c.Differences <= 20 {
		c.Examples = append(c.Examples, fmt.Sprintf(format, args...))
	}
}

// String is the comparison in a line, and an example per further line.
func (c *Comparison) String() string {
	head := fmt.Sprintf("%d facts, %d panes, %d windows compared: %d differences", c.Facts, c.Panes, c.Windows, c.Differences)
	return strings.Join(append([]string{head}, c.Examples...), "\n  ")
}

// Compare holds the stored rows of an epoch against the oracle: facts, panes, and windows that ended by the watermark of
// their partition's checkpoint.
func (o *Oracle) Compare(ctx context.Context, conn driver.Conn, epoch uint32) (*Comparison, error) {
	c := &Comparison{}
	if err := o.compareFacts(ctx, conn, epoch, c); err != nil {
		return nil, fmt.Errorf("compare facts: %w", err)
	}
	marks, err := watermarks(ctx, conn, epoch)
	if err != nil {
		return nil, fmt.Errorf("read watermarks: %w", err)
	}
	if c.Panes, err = compareSums(ctx, conn, c, o.Panes(), fmt.Sprintf(
		"SELECT dimension, value, partition, '', toUnixTimestamp(pane), %s FROM satisfaction_panes FINAL WHERE epoch = %d", list(), epoch), nil); err != nil {
		return nil, fmt.Errorf("compare panes: %w", err)
	}
	if c.Windows, err = compareSums(ctx, conn, c, o.Windows(marks), fmt.Sprintf(
		"SELECT dimension, value, partition, window, toUnixTimestamp(window_end), %s FROM satisfaction_windows FINAL WHERE epoch = %d", list(), epoch), marks); err != nil {
		return nil, fmt.Errorf("compare windows: %w", err)
	}
	return c, nil
}

func list() string { return strings.Join(columns, ", ") }

func (o *Oracle) compareFacts(ctx context.Context, conn driver.Conn, epoch uint32, c *Comparison) error {
	type row struct {
		offset, score int64
		erased        bool
	}
	stored := map[string]row{}
	rows, err := conn.Query(ctx, `SELECT partition, toInt64(intDiv(toUnixTimestamp(pane), 300)), rating_id, offset, toInt64(rating_hundredths), erased
		FROM enterprise_customer_satisfaction FINAL WHERE epoch = ?`, epoch)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p int32
		var pane int64
		var id string
		var r row
		if err := rows.Scan(&p, &pane, &id, &r.offset, &r.score, &r.erased); err != nil {
			return err
		}
		stored[fmt.Sprint(p, "/", pane, "/", id)] = r
	}
	for id, f := range o.facts {
		r, ok := stored[id]
		want := row{f.offset, f.score, f.Op == "erase"}
		if want.erased {
			want.score = 0
		}
		if !ok || r != want {
			c.differ("fact %s: stored %+v (%v), the log says %+v", id, r, ok, want)
		}
		delete(stored, id)
	}
	for id, r := range stored {
		c.differ("fact %s: stored %+v, not in the log", id, r)
	}
	c.Facts = len(o.facts) + len(stored)
	return rows.Err()
}

func watermarks(ctx context.Context, conn driver.Conn, epoch uint32) (map[int32]time.Time, error) {
	out := map[int32]time.Time{}
	rows, err := conn.Query(ctx, "SELECT partition, watermark FROM pipeline_checkpoints FINAL WHERE epoch = ?", epoch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p int32
		var at time.Time
		if err := rows.Scan(&p, &at); err != nil {
			return nil, err
		}
		out[p] = at
	}
	return out, rows.Err()
}

// compareSums compares the rows of a query with what is wanted; windows after the watermark are passed over.
func compareSums(ctx context.Context, conn driver.Conn, c *Comparison, want map[Place]*Sums, query string, marks map[int32]time.Time) (int, error) {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	compared := len(want)
	var values Sums
	for rows.Next() {
		var at Place
		var unix uint32
		into := []any{&at.Dimension, &at.Value, &at.Partition, &at.Window, &unix}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := rows.Scan(into...); err != nil {
			return 0, err
		}
		at.At = int64(unix)
		if marks != nil && time.Unix(at.At, 0).After(marks[at.Partition]) {
			continue
		}
		if w, ok := want[at]; ok || values != (Sums{}) {
			compareRow(c, at, &values, w)
			if !ok {
				compared++
			}
		}
		delete(want, at)
	}
	for at, w := range want {
		c.differ("%v: not stored, the log says %v", at, *w)
	}
	return compared, rows.Err()
}

func compareRow(c *Comparison, at Place, got, want *Sums) {
	if want == nil {
		want = &Sums{}
	}
	for i, name := range columns {
		if got[i] != want[i] {
			c.differ("%v %s: stored %d, the log says %d", at, name, got[i], want[i])
			return
		}
	}
}
