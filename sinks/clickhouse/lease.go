package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Names of leases. What must not be done by two processes at once has one.
const (
	GatewayLease      = "gateway that writes"    // decides alerts, tells of them, and stores what people do
	MigrationLease    = "migration"              // changes the schema
	RegistrationLease = "registration of epochs" // registers an epoch and switches to it
)

// BuildLease is the name of the lease of whoever fills an epoch.
func BuildLease(epoch uint32) string { return fmt.Sprintf("build of epoch %d", epoch) }

// leaseTimes are the rule of all leases.
type leaseTimes struct {
	beat   time.Duration // between two renewals
	term   time.Duration // a holder stops when its last acknowledged renewal was sent this long ago
	watch  time.Duration // a successor starts when it saw no renewal for this long; longer than term
	prompt time.Duration // a claim counts if it was acknowledged this soon after the row was asked for
	settle time.Duration // a claim is read back after this long; longer than prompt
}

func defaultLeaseTimes() leaseTimes {
	return leaseTimes{beat: 2 * time.Second, term: 6 * time.Second, watch: 9 * time.Second, prompt: 900 * time.Millisecond, settle: time.Second}
}

// Lease lets one process at a time do what two must not do at once.
//
// ClickHouse cannot compare and set. So a claim is written, and read back when every claim that was made at the same time
// must have arrived: the row that stands says who has the lease. The holder renews it. A holder that cannot renew it, as it
// was suspended or cut off, knows by its own monotonic clock when its term is over, and stops; a successor that sees no
// renewal waits for longer than that. A lapsed holder is never revived by a later renewal: it claims again, as others do.
type Lease struct {
	conn         driver.Conn
	name, holder string
	times        leaseTimes

	mu    sync.Mutex
	row   leaseRow  // as last written and acknowledged
	until time.Time // end of the term, by the monotonic clock; zero while not held
	lost  error
}

// leaseRow is the row of a lease.
type leaseRow struct {
	version uint64
	holder  string // empty when it was released
	since   time.Time
}

// HeldError says that another process has the lease.
type HeldError struct {
	Name, Holder string
	Since        time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another process has the lease %q: %s, since %s", e.Name, e.Holder, e.Since.Format(time.RFC3339))
}

// LostError says that the holder could not prove in time that it still has the lease. What it did before is not undone; what
// it was about to do may be done by a successor.
type LostError struct {
	Name string
	Err  error // of the last renewal that failed; nil where the process was suspended
}

func (e *LostError) Error() string {
	text := fmt.Sprintf("the lease %q was not renewed in time", e.Name)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns why the last renewal failed.
func (e *LostError) Unwrap() error { return e.Err }

// Holder names this process among all that may want a lease.
func Holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d, %d", host, os.Getpid(), time.Now().UnixNano())
}

// NewLease returns the lease of the name for a holder, whose name no other process has, nor this one when it starts again.
// A Lease is held once at a time; it may be held again.
func NewLease(conn driver.Conn, name, holder string) *Lease {
	return &Lease{conn: conn, name: name, holder: holder, times: defaultLeaseTimes()}
}

// Hold runs the work while this process has the lease, and releases it. The error is a *HeldError when another process has
// it; a dead one's is taken over after 9 s. The context of the work ends when the lease is lost, and then the error wraps a
// *LostError, whatever the work returned. Work asks Held before each step that cannot be taken back: a context ends late in
// a process that was suspended.
func (l *Lease) Hold(ctx context.Context, work func(ctx context.Context) error) error {
	return l.hold(ctx, false, work)
}

// HoldInTurn is Hold, but waits for as long as others have the lease, until the context ends.
func (l *Lease) HoldInTurn(ctx context.Context, work func(ctx context.Context) error) error {
	for {
		err := l.hold(ctx, true, work)
		var held *HeldError
		var lost *LostError
		if !errors.As(err, &held) || held.Name != l.name || errors.As(err, &lost) { // work may hold other leases
			return err
		}
		if err := sleep(ctx, l.times.settle); err != nil { // another claimed it at the same time
			return err
		}
	}
}

// Held returns nil while the lease is certainly this process's, else a *LostError.
func (l *Lease) Held() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil && !time.Now().Before(l.until) {
		l.lost = &LostError{Name: l.name}
	}
	return l.lost
}

func (l *Lease) hold(ctx context.Context, inTurn bool, work func(ctx context.Context) error) error {
	if err := l.acquire(ctx, inTurn); err != nil {
		return err
	}
	working, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	group.Go(func() { cancel(l.expire(working)) })
	group.Go(func() { l.renew(working, cancel) })
	err := work(working)
	_ = l.Held() // when the work has ended, not when the renewals have
	cancel(nil)
	group.Wait()
	l.mu.Lock()
	lost := l.lost
	l.mu.Unlock()
	if lost == nil {
		l.release(ctx)
		return err
	}
	if errors.Is(err, context.Canceled) {
		return lost
	}
	return errors.Join(lost, err)
}

// acquire takes the lease: at once when nobody has it, and from another when that has not renewed it for the watch.
func (l *Lease) acquire(ctx context.Context, inTurn bool) error {
	for {
		seen, err := l.free(ctx, inTurn)
		if err != nil {
			return err
		}
		claimed, err := l.claim(ctx, seen)
		if err != nil {
			return err
		}
		if claimed {
			return nil
		}
	}
}

// claim writes that this process has the lease, and whether that stands. It does not count when it took so long that another
// may have read, before it arrived, that the lease is free, and have its own claim still under way.
func (l *Lease) claim(ctx context.Context, seen seenRow) (bool, error) {
	since := time.Now().UTC().Truncate(time.Millisecond)
	if err := l.write(ctx, leaseRow{seen.row.version + 1, l.holder, since}); err != nil {
		return false, err
	}
	prompt := time.Since(seen.asked) <= l.times.prompt
	if err := sleep(ctx, l.times.settle); err != nil {
		l.forget(ctx, seen.row.version+2)
		return false, err
	}
	if !prompt {
		return false, nil
	}
	row, err := l.read(ctx)
	switch {
	case err != nil:
		return false, err
	case row.holder == "":
		return false, nil // a release that was under way
	case row.holder != l.holder:
		return false, l.heldBy(row)
	}
	sent := time.Now()
	row.version++ // so that a claim that is still under way is too low
	if err := l.write(ctx, row); err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row, l.until, l.lost = row, sent.Add(l.times.term), nil
	return true, nil
}

// seenRow is the row of a lease that is free, and when it was asked for.
type seenRow struct {
	row   leaseRow
	asked time.Time
}

// free returns when nobody has the lease or its holder has not renewed it for the watch. A renewal is a *HeldError, or, in
// turn, begins the watch again.
func (l *Lease) free(ctx context.Context, inTurn bool) (seenRow, error) {
	const looks = 18
	var known leaseRow
	var begun time.Time
	for {
		asked := time.Now()
		row, err := l.read(ctx)
		read := time.Now()
		switch {
		case err != nil:
			return seenRow{}, err
		case row.holder == "" || row.holder == l.holder:
			return seenRow{row, asked}, nil
		case begun.IsZero():
		case row.version != known.version && !inTurn:
			return seenRow{}, l.heldBy(row)
		case row.version == known.version && asked.Sub(begun) >= l.times.watch:
			return seenRow{row, asked}, nil
		}
		if begun.IsZero() || row.version != known.version {
			known, begun = row, read // what stands was sent before it was read
		}
		if err := sleep(ctx, l.times.watch/looks); err != nil {
			return seenRow{}, err
		}
	}
}

// renew renews the lease until the context ends; what fails is tried again until the term is over.
func (l *Lease) renew(ctx context.Context, end context.CancelCauseFunc) {
	for sleep(ctx, l.times.beat) == nil {
		attempt, cancel := context.WithTimeout(ctx, l.times.term/3)
		err := l.prolong(attempt)
		cancel()
		var held *HeldError
		if errors.As(err, &held) || l.Held() != nil {
			end(l.lose(err))
			return
		}
	}
}

// prolong renews the lease once. The term runs from before the request, and is not prolonged after it was over.
func (l *Lease) prolong(ctx context.Context) error {
	row, err := l.read(ctx)
	if err != nil {
		return err
	}
	if row.holder != l.holder {
		return l.heldBy(row)
	}
	sent := time.Now()
	row.version++
	if err := l.write(ctx, row); err != nil {
		return err
	}
	if err := l.Held(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row, l.until = row, sent.Add(l.times.term)
	return nil
}

// lose notes that the lease is lost.
func (l *Lease) lose(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lost *LostError
	if l.lost == nil || !errors.As(err, &lost) {
		l.lost = &LostError{Name: l.name, Err: err}
	}
	return l.lost
}

// expire returns when the term is over, with the reason, or the context ends.
func (l *Lease) expire(ctx context.Context) error {
	for {
		l.mu.Lock()
		left := time.Until(l.until)
		l.mu.Unlock()
		if left <= 0 {
			return l.Held()
		}
		if err := sleep(ctx, left); err != nil {
			return nil
		}
	}
}

// releaseTime bounds a release: the next one need not wait for a holder that ends, and a holder that ends not for long.
const releaseTime = time.Second

// release gives the lease up, so that the next one need not watch. Where that fails it does.
func (l *Lease) release(ctx context.Context) {
	l.mu.Lock()
	l.until = time.Time{}
	version := l.row.version + 2 // a renewal that was broken off may have arrived
	l.mu.Unlock()
	l.forget(ctx, version)
}

func (l *Lease) forget(ctx context.Context, version uint64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	if row, err := l.read(ctx); err != nil || row.holder != l.holder {
		return
	}
	_ = l.write(ctx, leaseRow{version: version, since: time.UnixMilli(0)}) // the next one watches instead
}

func (l *Lease) heldBy(row leaseRow) error { return &HeldError{l.name, row.holder, row.since} }

// read returns the row that stands; the zero one when there is none.
func (l *Lease) read(ctx context.Context) (row leaseRow, err error) {
	err = each(ctx, l.conn, "SELECT version, holder, since FROM leases FINAL WHERE name = "+quote(l.name), []any{&row.version, &row.holder, &row.since}, func() {})
	row.since = row.since.UTC()
	return row, failed(err, "read who has the lease %q", l.name)
}

func (l *Lease) write(ctx context.Context, row leaseRow) error {
	err := l.conn.Exec(ctx, fmt.Sprintf("INSERT INTO leases (name, version, holder, since) SETTINGS async_insert = 0 VALUES (%s, %d, %s, %s)",
		quote(l.name), row.version, quote(row.holder), stamp(row.since)))
	return failed(err, "write the lease %q", l.name)
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
