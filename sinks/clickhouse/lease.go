package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// leaseBeat is how often a holder shows that it lives.
	leaseBeat = 2 * time.Second
	// leaseSettle is how long a claim waits for another that was made at the same time.
	leaseSettle = 500 * time.Millisecond
)

// Lease lets one process at a time do what must not be done twice. Its holder beats; who wants it watches for beats, and
// takes over from one that is dead.
//
// ClickHouse cannot compare and set, so of two that claim it at once both write. Then both read: the row that stands says
// who has it, and the other one leaves. A holder that was stopped in its tracks finds out by its next beat.
type Lease struct {
	conn         driver.Conn
	role, holder string
	beat, settle time.Duration
	held         leaseRow // as last written
}

// leaseRow is the row of a role.
type leaseRow struct {
	version uint64
	holder  string // empty when given up
	since   time.Time
}

// HeldError says that another process has the lease.
type HeldError struct {
	Role, Holder string
	Since        time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another process is the %s: %s, since %s", e.Role, e.Holder, e.Since.Format(time.RFC3339))
}

// NewLease returns the lease of a role for a holder, whose name no other process has, nor this one when it starts again.
func NewLease(conn driver.Conn, role, holder string) *Lease {
	return &Lease{conn: conn, role: role, holder: holder, beat: leaseBeat, settle: leaseSettle}
}

// Acquire takes the lease: at once when nobody has it, and from another when that has not beaten for the time of the watch,
// which should be more than two beats of 2 s. The error is a *HeldError when another has it; now is noted for people.
func (l *Lease) Acquire(ctx context.Context, watch time.Duration, now time.Time) error {
	seen, err := l.read(ctx)
	if err == nil && seen.holder != "" {
		err = l.watch(ctx, watch, &seen)
	}
	if err != nil {
		return err
	}
	if err := l.write(ctx, leaseRow{seen.version + 1, l.holder, now}); err != nil {
		return err
	}
	if err := sleep(ctx, l.settle); err != nil {
		return errors.Join(err, l.Release(context.WithoutCancel(ctx)))
	}
	if err := l.check(ctx); err != nil {
		return err
	}
	return l.prolong(ctx) // so that a claim that is still on its way is too low
}

// watch returns nil when the row has not changed for the time, or was given up.
func (l *Lease) watch(ctx context.Context, watch time.Duration, seen *leaseRow) error {
	const looks = 10
	for range looks {
		if err := sleep(ctx, watch/looks); err != nil {
			return err
		}
		row, err := l.read(ctx)
		switch {
		case err != nil:
			return err
		case row.holder == "":
			*seen = row
			return nil
		case row.version != seen.version:
			return l.heldBy(row)
		}
	}
	return nil
}

// Run beats until the context ends, and then returns nil; what fails is tried again. The error is a *HeldError when
// another has taken the lease: the process must write no more.
func (l *Lease) Run(ctx context.Context) error {
	for sleep(ctx, l.beat) == nil {
		var held *HeldError
		if err := l.check(ctx); errors.As(err, &held) {
			return err
		} else if err != nil {
			continue
		}
		_ = l.prolong(ctx) // the next beat tries again
	}
	return nil
}

// prolong beats.
func (l *Lease) prolong(ctx context.Context) error {
	next := l.held
	next.version++
	return l.write(ctx, next)
}

// Release gives the lease up, unless another has it, so that the next one need not watch.
func (l *Lease) Release(ctx context.Context) error {
	var held *HeldError
	if err := l.check(ctx); errors.As(err, &held) {
		return nil
	} else if err != nil {
		return err
	}
	return l.write(ctx, leaseRow{version: l.held.version + 1, since: l.held.since})
}

// check reads the row and returns a *HeldError when it is another's.
func (l *Lease) check(ctx context.Context) error {
	row, err := l.read(ctx)
	switch {
	case err != nil:
		return err
	case row.holder != l.holder:
		return l.heldBy(row)
	}
	l.held = row
	return nil
}

func (l *Lease) heldBy(row leaseRow) error { return &HeldError{l.role, row.holder, row.since} }

// read returns the row that stands; the zero one when there is none.
func (l *Lease) read(ctx context.Context) (row leaseRow, err error) {
	err = each(ctx, l.conn, "SELECT version, holder, since FROM gateway_lease FINAL WHERE role = "+quote(l.role), []any{&row.version, &row.holder, &row.since}, func() {})
	row.since = row.since.UTC()
	return row, failed(err, "read who is the %s", l.role)
}

func (l *Lease) write(ctx context.Context, row leaseRow) error {
	err := l.conn.Exec(ctx, fmt.Sprintf("INSERT INTO gateway_lease (role, version, holder, since) SETTINGS async_insert = 0 VALUES (%s, %d, %s, %s)",
		quote(l.role), row.version, quote(row.holder), stamp(row.since)))
	return failed(err, "note that %s is the %s", l.holder, l.role)
}

// sleep waits; the error is the context's.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
