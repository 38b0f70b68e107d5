// Package entity owns what every stored thing that people change has: an identity, a version, who changed it, when and
// how. What the things are, and what may be changed, is left to the packages of the service; where they are stored, to a
// Store.
//
// # Non-obvious
//
//   - A version is what a client saw. A change that names one is refused with a Conflict when the entity has another, so
//     that of two people who change it at once one wins and the other is told.
//   - The history holds every version whole. Nothing is ever deleted by a change; Erase of a Store blanks what is personal.
package entity

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Meta is what every entity has. Embed it; its fields are columns of the entity's table.
type Meta struct {
	ID        string    `column:"id"`         // identity, never used again for another
	Version   uint64    `column:"version"`    // counts the changes from 1
	ChangedAt time.Time `column:"changed_at"` // of this version, to the millisecond, UTC
	ChangedBy string    `column:"changed_by"` // id of the user or token, or the name of the process
	Action    string    `column:"action"`     // what the change was, a word: created, updated, disabled …
}

// Base returns the part that all entities have.
func (m *Meta) Base() *Meta { return m }

// Stamp says who does what, and when.
type Stamp struct {
	At     time.Time
	By     string
	Action string
}

// ErrNotFound says that there is no entity of the id.
var ErrNotFound = errors.New("not found")

// ErrExists says that the id is taken.
var ErrExists = errors.New("it exists already")

// Conflict says that the entity has changed since the version that the caller saw.
type Conflict struct {
	ID       string
	Saw, Has uint64
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("%s has changed: version %d was asked for, it has version %d", c.ID, c.Saw, c.Has)
}

// Operator compares a column with the values of a Condition.
type Operator uint8

const (
	In       Operator = iota // equals one of the values; false without any
	NotIn                    // equals none of the values
	Less                     // is less than the first value
	AtLeast                  // is the first value or more
	Contains                 // a text that contains the first value, in upper or lower case
	Has                      // an array that has one of the values
)

// Condition is one condition on a column. Values are strings, integers, booleans or times, as the column is.
type Condition struct {
	Column   string
	Operator Operator
	Values   []any
}

// Where returns the condition that the column equals one of the values.
func Where(column string, values ...any) Condition { return Condition{column, In, values} }

// Query selects entities that meet all conditions, and a page of them.
type Query struct {
	Where      []Condition
	OrderBy    string // a column; empty for the id. Entities that are equal in it are in the order of their ids.
	Descending bool
	After      *Cursor // begin behind this one; nil from the start
	Limit      int     // at most this many; 0 for all
}

// Cursor is a place in the order of a Query: the ordering column's value of the last entity of a page, and its id.
type Cursor struct {
	Value any
	ID    string
}

// Store keeps the entities of one kind.
type Store[T any] interface {
	// Create stores a new entity as its version 1; ErrExists when the id is taken.
	Create(ctx context.Context, value T, stamp Stamp) (T, error)
	// Change stores the next version after change has changed it. saw is the version that was seen, 0 for any: a *Conflict when
	// it has another, ErrNotFound when there is none. What change returns is returned, and nothing is stored.
	Change(ctx context.Context, id string, saw uint64, stamp Stamp, change func(*T) error) (T, error)
	// Get returns the entity; false when there is none of the id.
	Get(ctx context.Context, id string) (T, bool, error)
	// List returns the entities that the query selects, in its order.
	List(ctx context.Context, q Query) ([]T, error)
}
