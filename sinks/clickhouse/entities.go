package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/entity"
)

// Versioned is a pointer to an entity: a struct that embeds entity.Meta and has a `column` tag on each stored field.
type Versioned[T any] interface {
	*T
	Base() *entity.Meta
}

// Entities stores the entities of one kind: the current versions in a table, every version in its history (the name with
// _history behind it). One process writes, the holder of the gateway's lease; several may read. It is safe for
// concurrent use.
type Entities[T any, P Versioned[T]] struct {
	conn    driver.Conn
	table   string
	held    func() error // whether this process may write
	columns []entityColumn
	locks   keyedLocks
}

// NewEntities returns the entities of the table. held returns an error when this process must not write (Lease.Held).
func NewEntities[T any, P Versioned[T]](conn driver.Conn, table string, held func() error) *Entities[T, P] {
	return &Entities[T, P]{conn: conn, table: table, held: held, columns: entityColumns[T]()}
}

// Create stores a new entity as its version 1; entity.ErrExists when the id is taken.
func (s *Entities[T, P]) Create(ctx context.Context, value T, stamp entity.Stamp) (T, error) {
	id := P(&value).Base().ID
	defer s.locks.lock(id)()
	_, found, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return value, err
	case found:
		return value, fmt.Errorf("%s: %w", id, entity.ErrExists)
	}
	return s.store(ctx, value, 0, stamp)
}

// Change stores the next version of the entity after change has changed it, and returns that. Nothing is stored when change
// returns an error, which is returned as it is. saw is the version that the caller has seen, 0 for any: an
// *entity.Conflict when it has another, entity.ErrNotFound when there is none. Changes of one entity take turns.
func (s *Entities[T, P]) Change(ctx context.Context, id string, saw uint64, stamp entity.Stamp, change func(P) error) (T, error) {
	defer s.locks.lock(id)()
	value, found, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return value, err
	case !found:
		return value, fmt.Errorf("%s: %w", id, entity.ErrNotFound)
	}
	has := P(&value).Base().Version
	if saw != 0 && saw != has {
		return value, &entity.Conflict{ID: id, Saw: saw, Has: has}
	}
	if err := change(&value); err != nil {
		return value, err
	}
	P(&value).Base().ID = id
	return s.store(ctx, value, has, stamp)
}

// store writes the version after has: first the history, so that no version stands without its record. A version that was
// written twice, as the process ended in between, is what it was the second time.
func (s *Entities[T, P]) store(ctx context.Context, value T, has uint64, stamp entity.Stamp) (T, error) {
	m := P(&value).Base()
	m.Version, m.ChangedAt, m.ChangedBy, m.Action = has+1, stamp.At.UTC().Truncate(time.Millisecond), stamp.By, stamp.Action
	row, err := entityRow(s.columns, &value)
	if err != nil {
		return value, permanentf("%s %s: %w", s.table, m.ID, err)
	}
	for _, table := range []string{s.table + "_history", s.table} {
		if err := s.held(); err != nil {
			return value, fmt.Errorf("store %s %s: %w", s.table, m.ID, err)
		}
		err := s.conn.Exec(ctx, "INSERT INTO "+table+" ("+s.names()+") SETTINGS async_insert = 0 VALUES ("+row+")")
		if err != nil {
			return value, failed(err, "store version %d of %s in %s", m.Version, m.ID, table)
		}
	}
	return value, nil
}

// Get returns the entity; false when there is none of the id.
func (s *Entities[T, P]) Get(ctx context.Context, id string) (T, bool, error) {
	all, err := s.read(ctx, fmt.Sprintf("FROM %s FINAL WHERE id = %s", s.table, quote(id)))
	if err != nil || len(all) == 0 {
		var none T
		return none, false, err
	}
	return all[0], true, nil
}

// List returns the entities that the query selects, in its order.
func (s *Entities[T, P]) List(ctx context.Context, q entity.Query) ([]T, error) {
	where, err := s.conditions(q.Where)
	if err != nil {
		return nil, err
	}
	order, direction, compare := "id", "ASC", ">"
	if q.Descending {
		direction, compare = "DESC", "<"
	}
	key := "(id)"
	if q.OrderBy != "" && q.OrderBy != "id" {
		if _, err := s.column(q.OrderBy); err != nil {
			return nil, err
		}
		order, key = fmt.Sprintf("%s %s, id", q.OrderBy, direction), "("+q.OrderBy+", id)"
	}
	if q.After != nil {
		place := "(" + quote(q.After.ID) + ")"
		if key != "(id)" {
			value, err := s.literal(q.OrderBy, q.After.Value)
			if err != nil {
				return nil, err
			}
			place = "(" + value + ", " + quote(q.After.ID) + ")"
		}
		where += " AND " + key + " " + compare + " " + place
	}
	query := fmt.Sprintf("FROM %s FINAL WHERE %s ORDER BY %s %s", s.table, where, order, direction)
	if q.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	return s.read(ctx, query)
}

// Count returns how many entities meet all the conditions.
func (s *Entities[T, P]) Count(ctx context.Context, where ...entity.Condition) (n uint64, err error) {
	condition, err := s.conditions(where)
	if err != nil {
		return 0, err
	}
	err = each(ctx, s.conn, fmt.Sprintf("SELECT count() FROM %s FINAL WHERE %s", s.table, condition), []any{&n}, func() {})
	return n, failed(err, "count %s", s.table)
}

// History returns the versions of the entity, the first one first; none when there is none of the id.
func (s *Entities[T, P]) History(ctx context.Context, id string) ([]T, error) {
	return s.read(ctx, fmt.Sprintf("FROM %[1]s_history FINAL WHERE id = %[2]s AND version <= (SELECT max(version) FROM %[1]s FINAL WHERE id = %[2]s) "+
		"ORDER BY version, changed_at DESC LIMIT 1 BY version", s.table, quote(id)))
}

func (s *Entities[T, P]) names() string {
	return list(s.columns, func(c entityColumn) string { return c.name })
}

func (s *Entities[T, P]) read(ctx context.Context, from string) ([]T, error) {
	var all []T
	var value T
	var unreadable error
	dest, finish := destinationsOf(s.columns, &value)
	err := each(ctx, s.conn, "SELECT "+s.names()+" "+from, dest, func() {
		if err := finish(); err != nil {
			unreadable = permanentf("%s: %w", P(&value).Base().ID, err)
			return
		}
		all = append(all, value)
		var next T
		value = next
	})
	if err == nil {
		err = unreadable
	}
	return all, failed(err, "read %s", s.table)
}

func (s *Entities[T, P]) conditions(all []entity.Condition) (string, error) {
	parts := []string{"1"}
	for _, c := range all {
		part, err := s.condition(c)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " AND "), nil
}

func (s *Entities[T, P]) condition(c entity.Condition) (string, error) {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		var err error
		if values[i], err = s.literal(c.Column, v); err != nil {
			return "", err
		}
	}
	if len(values) == 0 {
		return map[bool]string{true: "1", false: "0"}[c.Operator == entity.NotIn], nil
	}
	switch c.Operator {
	case entity.In:
		return c.Column + " IN (" + strings.Join(values, ",") + ")", nil
	case entity.NotIn:
		return c.Column + " NOT IN (" + strings.Join(values, ",") + ")", nil
	case entity.Less:
		return c.Column + " < " + values[0], nil
	case entity.AtLeast:
		return c.Column + " >= " + values[0], nil
	case entity.Contains:
		return "positionCaseInsensitiveUTF8(" + c.Column + ", " + values[0] + ") > 0", nil
	case entity.Has:
		return "hasAny(" + c.Column + ", [" + strings.Join(values, ",") + "])", nil
	}
	return "", permanentf("%s: no operator %d", s.table, c.Operator)
}

func (s *Entities[T, P]) column(name string) (entityColumn, error) {
	for _, c := range s.columns {
		if c.name == name {
			return c, nil
		}
	}
	return entityColumn{}, permanentf("%s has no column %q", s.table, name)
}

func (s *Entities[T, P]) literal(column string, value any) (string, error) {
	if _, err := s.column(column); err != nil {
		return "", err
	}
	text, err := literalOf(value)
	if err != nil {
		return "", permanentf("%s, column %s: %w", s.table, column, err)
	}
	return text, nil
}

// keyedLocks are locks by name, each there for as long as somebody holds or awaits it.
type keyedLocks struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	sync.Mutex
	users int
}

// lock takes the lock of the name and returns what releases it.
func (k *keyedLocks) lock(name string) (unlock func()) {
	k.mu.Lock()
	l := k.locks[name]
	if l == nil {
		l = &keyedLock{}
		if k.locks == nil {
			k.locks = map[string]*keyedLock{}
		}
		k.locks[name] = l
	}
	l.users++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, name)
		}
	}
}
