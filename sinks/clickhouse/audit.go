package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/audit"
)

// Audit stores the audit log. One process writes, the holder of the gateway's lease.
type Audit struct {
	conn driver.Conn
	held func() error
}

// NewAudit returns the audit log of the connection's database; held returns an error when this process must not write.
func NewAudit(conn driver.Conn, held func() error) *Audit { return &Audit{conn, held} }

const auditColumns = "number, at, actor, name, address, action, object, detail, changes, previous, hash"

// noHash is what is stored for the hash before the first entry.
var noHash = strings.Repeat("\x00", 64)

// Append stores the row; it may be repeated with the same one.
func (s *Audit) Append(ctx context.Context, r audit.Entry) error {
	changes, err := json.Marshal(r.Changes)
	if err != nil {
		return permanentf("entry %d: %w", r.Number, err)
	}
	if err := s.held(); err != nil {
		return fmt.Errorf("store entry %d: %w", r.Number, err)
	}
	texts := []string{r.Actor, r.Name, r.Address, r.Action, r.Object, r.Detail, string(changes), r.Previous, r.Hash}
	err = s.conn.Exec(ctx, fmt.Sprintf("INSERT INTO satisflow_audit (%s) SETTINGS async_insert = 0 VALUES (%d,%s,%s)",
		auditColumns, r.Number, stamp(r.At), list(texts, quote)))
	return failed(err, "store entry %d of the audit log", r.Number)
}

// Last returns the row of the highest number; false when there is none.
func (s *Audit) Last(ctx context.Context) (audit.Entry, bool, error) {
	rows, err := s.rows(ctx, "FROM satisflow_audit ORDER BY number DESC LIMIT 1")
	if err != nil || len(rows) == 0 {
		return audit.Entry{}, false, err
	}
	return rows[0], true, nil
}

// auditAtOnce is how many rows are in memory at once.
const auditAtOnce = 10_000

// Each calls yield for every stored row in the order of the numbers, those of repeated inserts included.
func (s *Audit) Each(ctx context.Context, yield func(audit.Entry) error) error {
	for from := uint64(0); ; {
		rows, err := s.rows(ctx, fmt.Sprintf("FROM satisflow_audit WHERE number > %d ORDER BY number LIMIT %d WITH TIES", from, auditAtOnce))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := yield(r); err != nil {
				return err
			}
		}
		if len(rows) < auditAtOnce {
			return nil
		}
		from = rows[len(rows)-1].Number
	}
}

// Search returns the rows that the filter selects, the latest first.
func (s *Audit) Search(ctx context.Context, f audit.Filter) ([]audit.Entry, error) {
	where := []string{"1"}
	add := func(use bool, condition string) {
		if use {
			where = append(where, condition)
		}
	}
	add(!f.From.IsZero(), "at >= "+millis(f.From))
	add(!f.To.IsZero(), "at < "+millis(f.To))
	add(f.Actor != "", "actor = "+quote(f.Actor))
	if strings.HasSuffix(f.Action, ".") {
		add(true, "startsWith(action, "+quote(f.Action)+")")
	} else {
		add(f.Action != "", "action = "+quote(f.Action))
	}
	add(f.Object != "", "object = "+quote(f.Object))
	add(f.Text != "", "positionCaseInsensitiveUTF8(concat(detail, '\\n', object, '\\n', name), "+quote(f.Text)+") > 0")
	add(f.Before > 0, fmt.Sprintf("number < %d", f.Before))
	query := "FROM satisflow_audit FINAL WHERE " + strings.Join(where, " AND ") + " ORDER BY number DESC"
	if f.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return s.rows(ctx, query)
}

func (s *Audit) rows(ctx context.Context, from string) ([]audit.Entry, error) {
	var all []audit.Entry
	var r audit.Entry
	var changes string
	var unreadable error
	err := each(ctx, s.conn, "SELECT "+auditColumns+" "+from, []any{&r.Number, &r.At, &r.Actor, &r.Name, &r.Address, &r.Action, &r.Object,
		&r.Detail, &changes, &r.Previous, &r.Hash}, func() {
		r.At, r.Changes = r.At.UTC(), nil
		if r.Previous == noHash {
			r.Previous = ""
		}
		if err := json.Unmarshal([]byte(changes), &r.Changes); err != nil && unreadable == nil {
			unreadable = permanentf("entry %d: %w", r.Number, err)
		}
		all = append(all, r)
	})
	if err == nil {
		err = unreadable
	}
	return all, failed(err, "read the audit log")
}
