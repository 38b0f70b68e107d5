package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErasureState says how far an erasure is.
type ErasureState string

const (
	// ErasureAsked is before its events are durable.
	ErasureAsked ErasureState = "asked"
	// ErasureDurable is when no read shows the text.
	ErasureDurable ErasureState = "durable"
	// ErasureFinished is when no active part on disk holds the text.
	ErasureFinished ErasureState = "finished"
)

// Erasure is an entry of the audit.
type Erasure struct {
	ID          string
	RequestedAt time.Time
	RequestedBy string
	Kind        string   // customer or rating
	Subjects    []string // hashes
	Ratings     uint64
	DeadLetters uint64
	State       ErasureState
	FinishedAt  time.Time // zero before
}

// ErrUnknownErasure is wrapped by the error about an erasure that was never asked for.
var ErrUnknownErasure = errors.New("unknown erasure")

// Put stores the erasure as it now is. Of two calls for one the later clock stands.
func (s *Erasures) Put(ctx context.Context, e Erasure, now time.Time) error {
	finished := e.FinishedAt
	if finished.IsZero() {
		finished = time.UnixMilli(0)
	}
	err := s.conn.Exec(ctx, fmt.Sprintf(`INSERT INTO erasures (id, version, requested_at, requested_by, kind, subjects, ratings, dead_letters, state, finished_at)
SETTINGS async_insert = 0 VALUES (%s, %d, %s, %s, %s, [%s], %d, %d, %s, %s)`,
		quote(e.ID), now.UnixMicro(), millis(e.RequestedAt), quote(e.RequestedBy), quote(e.Kind), list(e.Subjects, quote),
		e.Ratings, e.DeadLetters, quote(string(e.State)), millis(finished)))
	return failed(err, "store erasure %s", e.ID)
}

// Get returns the erasure. The error wraps ErrUnknownErasure when there is none of the id.
func (s *Erasures) Get(ctx context.Context, id string) (Erasure, error) {
	all, err := s.entries(ctx, "WHERE id = "+quote(id))
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%w %q", ErrUnknownErasure, id)
	}
	if err != nil {
		return Erasure{}, err
	}
	return all[0], nil
}

// List returns all erasures, the oldest first.
func (s *Erasures) List(ctx context.Context) ([]Erasure, error) { return s.entries(ctx, "") }

func (s *Erasures) entries(ctx context.Context, where string) ([]Erasure, error) {
	var all []Erasure
	var e Erasure
	var requested, finished int64
	var state string
	err := each(ctx, s.conn, `SELECT id, toUnixTimestamp64Milli(requested_at) AS requested, requested_by, kind, subjects, ratings, dead_letters, toString(state), toUnixTimestamp64Milli(finished_at)
FROM erasures FINAL `+where+` ORDER BY requested, id`,
		[]any{&e.ID, &requested, &e.RequestedBy, &e.Kind, &e.Subjects, &e.Ratings, &e.DeadLetters, &state, &finished}, func() {
			e.RequestedAt, e.FinishedAt, e.State = time.UnixMilli(requested).UTC(), time.Time{}, ErasureState(state)
			if finished > 0 {
				e.FinishedAt = time.UnixMilli(finished).UTC()
			}
			all = append(all, e)
		})
	return all, failed(err, "read the audit of erasures")
}
