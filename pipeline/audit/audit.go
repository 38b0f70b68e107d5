// Package audit owns the audit log (审计日志): who did what, when, from where, and what it changed; append-only, each entry
// holding the hash of the one before, so that an entry that was changed, removed or put in later is found. Which actions
// are logged, and that they are, is left to their callers; the table is a sink's.
//
// # Non-obvious
//
//   - The log proves that it was not changed since it was written, by somebody who can't write all that follows anew. Keep a
//     copy of the last hash elsewhere (satisflow audit verify prints it) against those who can.
//   - What is personal must not be in it: an entry can't be erased without breaking the chain. Callers give the names of
//     personal fields that changed, not their values (Hidden).
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// Hidden stands for a personal or secret value in a Change.
const Hidden = "•"

// Change is a field that an action changed.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Entry is one thing that somebody did.
type Entry struct {
	Number   uint64 // counts the entries from 1
	At       time.Time
	Actor    string // id of the user or token
	Name     string // of the actor, as it was
	Address  string // that the request came from
	Action   string // such as user.created, ratings.exported, customer.seen
	Object   string // what it was done to, such as user:u_1
	Detail   string // in words, such as the filter of an export
	Changes  []Change
	Previous string // hash of the entry before, empty for the first
	Hash     string // of this entry, 64 hex digits
}

// hash is the SHA-256 over all that the entry says, each text with its length before it, so that no two entries have one
// form.
func (e *Entry) hash() string {
	h := sha256.New()
	number := func(n uint64) { var b [8]byte; binary.BigEndian.PutUint64(b[:], n); h.Write(b[:]) }
	text := func(s string) { number(uint64(len(s))); h.Write([]byte(s)) }
	number(e.Number)
	number(uint64(e.At.UnixMilli()))
	for _, s := range []string{e.Actor, e.Name, e.Address, e.Action, e.Object, e.Detail, e.Previous} {
		text(s)
	}
	number(uint64(len(e.Changes)))
	for _, c := range e.Changes {
		text(c.Field)
		text(c.Before)
		text(c.After)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Filter selects entries.
type Filter struct {
	From, To time.Time // To is exclusive; zero for no bound
	Actor    string
	Action   string // an action, or its beginning up to a dot: user. for all that is done to users
	Object   string
	Text     string // within detail, object or name
	Before   uint64 // only entries of lower numbers; 0 for all
	Limit    int
}

// Store keeps the entries.
type Store interface {
	// Append stores the entry; it may be repeated with the same one.
	Append(ctx context.Context, e Entry) error
	// Last returns the entry of the highest number; false when there is none.
	Last(ctx context.Context) (Entry, bool, error)
	// Each calls yield for every stored row in the order of the numbers, rows of one number in any order.
	Each(ctx context.Context, yield func(Entry) error) error
	// Search returns the entries that the filter selects, the latest first.
	Search(ctx context.Context, f Filter) ([]Entry, error)
}

// Log writes the log. One process does, the holder of the gateway's lease. It is safe for concurrent use.
type Log struct {
	store Store
	now   func() time.Time

	mu    sync.Mutex
	known bool // whether last is what the store has
	last  Entry
}

// New returns the log over its store; now is the clock.
func New(store Store, now func() time.Time) *Log { return &Log{store: store, now: now} }

// Append writes what somebody did, and returns when it is durable: what it is about must not be done, or answered, before.
// Number, time and hashes are set here.
func (l *Log) Append(ctx context.Context, e Entry) (Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		last, _, err := l.store.Last(ctx)
		if err != nil {
			return Entry{}, fmt.Errorf("read the end of the audit log: %w", err)
		}
		l.last, l.known = last, true
	}
	e.Number, e.Previous = l.last.Number+1, l.last.Hash
	e.At = l.now().UTC().Truncate(time.Millisecond)
	e.Hash = e.hash()
	if err := l.store.Append(ctx, e); err != nil {
		l.known = false // it may be there all the same: look before the next one
		return Entry{}, fmt.Errorf("write entry %d of the audit log: %w", e.Number, err)
	}
	l.last = e
	return e, nil
}

// Search returns the entries that the filter selects, the latest first.
func (l *Log) Search(ctx context.Context, f Filter) ([]Entry, error) { return l.store.Search(ctx, f) }

// BrokenError says where the log is broken.
type BrokenError struct {
	Number uint64
	What   string
}

func (e *BrokenError) Error() string { return fmt.Sprintf("entry %d %s", e.Number, e.What) }

// Summary is what Verify has looked at.
type Summary struct {
	Entries uint64
	Last    string // hash of the last entry: keep it elsewhere
}

// Verify reads the whole log and returns a *BrokenError for the first link that is broken.
func Verify(ctx context.Context, store Store) (s Summary, err error) {
	var last Entry
	err = store.Each(ctx, func(e Entry) error {
		switch {
		case e.Hash != e.hash():
			return &BrokenError{e.Number, "is not what was written: its hash is another"}
		case e.Number == last.Number && e.Hash == last.Hash:
			return nil // stored twice by a repeated insert
		case e.Number == last.Number:
			return &BrokenError{e.Number, "is there twice, with different contents"}
		case e.Number != last.Number+1:
			return &BrokenError{last.Number + 1, fmt.Sprintf("is missing: after %d comes %d", last.Number, e.Number)}
		case e.Previous != last.Hash:
			return &BrokenError{e.Number, "does not follow on the one before: that was changed, with its hash"}
		}
		last = e
		s.Entries++
		return nil
	})
	s.Last = last.Hash
	return s, err
}
