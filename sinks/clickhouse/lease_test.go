package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/deploy/testkit"
)

// quickLease is a lease that is renewed ten times a second.
func quickLease(conn driver.Conn, holder string) *Lease {
	l := NewLease(conn, "a test", holder)
	l.times.beat, l.times.term, l.times.watch = 100*time.Millisecond, 600*time.Millisecond, 900*time.Millisecond
	return l
}

// holding has the holder hold the lease in the background. It returns when it does; end ends the work and returns what Hold
// did.
func holding(t *testing.T, l *Lease) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.Hold(ctx, func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return nil
		})
	}()
	end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = end() })
	select {
	case <-begun:
	case err := <-ended:
		ended <- err
		t.Fatalf("%s did not get the lease: %v", l.holder, err)
	}
	return end
}

func TestASecondHolderIsRefusedWhileTheFirstRenews(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "host-1:42")
	end := holding(t, first)
	err := quickLease(conn, "host-2:43").Hold(t.Context(), func(context.Context) error { t.Error("two hold it"); return nil })
	var held *HeldError
	if !errors.As(err, &held) || held.Holder != "host-1:42" || time.Since(held.Since) > time.Minute || held.Name != "a test" {
		t.Errorf("%v; want that host-1:42 has it", err)
	}
	ran := false
	other := NewLease(conn, "another test", "host-2:43")
	if err := other.Hold(t.Context(), func(context.Context) error { ran = true; return errWork }); !errors.Is(err, errWork) || !ran {
		t.Errorf("another lease: %v, ran: %v", err, ran)
	}
	if err := first.Held(); err != nil {
		t.Error(err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if err := first.Held(); err == nil {
		t.Error("it is held after its release")
	}
}

var errWork = errors.New("the work failed")

func TestALeaseThatWasReleasedIsTakenAtOnceAndInTurn(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "one")
	end := holding(t, first)
	var order []string
	var turns sync.WaitGroup
	turns.Go(func() {
		if err := quickLease(conn, "two").HoldInTurn(t.Context(), func(context.Context) error { order = append(order, "two"); return nil }); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(3 * first.times.watch) // it waits on, though the watch is long over
	order = append(order, "one")
	if err := end(); err != nil {
		t.Fatal(err)
	}
	turns.Wait()
	if fmt.Sprint(order) != "[one two]" {
		t.Errorf("held by %v", order)
	}
	slow := quickLease(conn, "three")
	slow.times.watch = time.Hour
	if err := slow.Hold(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("%v; want it without a watch", err)
	}
}

// Two holders, of which one is cut off in each of the ways that a network has: the first stops before the second starts.
func TestAHolderThatIsCutOffStopsBeforeItsSuccessorStarts(t *testing.T) {
	for name, cut := range map[string]func(*testkit.Wire){"cut": (*testkit.Wire).Cut, "frozen": (*testkit.Wire).Freeze} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.ClickHouse(t)
			if _, err := Migrate(t.Context(), db.Open(), MigrateOptions{}); err != nil {
				t.Fatal(err)
			}
			dsn, wire := testkit.Behind(t, db.DSN)
			first, second := quickLease(testkit.OpenClickHouse(t, dsn), "one"), quickLease(db.Open(), "two")
			var stopped atomic.Int64
			begun, ended := make(chan struct{}), make(chan error, 1)
			go func() {
				ended <- first.Hold(t.Context(), func(ctx context.Context) error {
					close(begun)
					<-ctx.Done()
					stopped.Store(time.Now().UnixNano())
					if first.Held() == nil {
						t.Error("its context ended while it has the lease")
					}
					return ctx.Err()
				})
			}()
			<-begun
			time.Sleep(5 * first.times.beat)
			if stopped.Load() != 0 {
				t.Fatal("it stopped, though nothing was wrong")
			}
			cut(wire)
			err := second.Hold(t.Context(), func(context.Context) error {
				if at := stopped.Load(); at == 0 || at > time.Now().UnixNano() {
					t.Error("both hold the lease")
				}
				wire.Heal() // the first finds its way back, and changes nothing
				time.Sleep(2 * second.times.term)
				return second.Held()
			})
			if err != nil {
				t.Errorf("the second: %v", err)
			}
			var lost *LostError
			if err := <-ended; !errors.As(err, &lost) || lost.Name != "a test" {
				t.Errorf("the first: %v; want that it lost the lease", err)
			}
		})
	}
}

func TestAHolderThatWasSuspendedKnowsItBeforeItsContextEnds(t *testing.T) {
	conn := migrated(t)
	l := quickLease(conn, "one")
	err := l.Hold(t.Context(), func(context.Context) error {
		l.mu.Lock()
		l.until = time.Now() // as it is after SIGSTOP and SIGCONT, before any goroutine ran
		l.mu.Unlock()
		if l.Held() == nil {
			t.Error("its term is over and it has the lease")
		}
		return nil
	})
	var lost *LostError
	if !errors.As(err, &lost) {
		t.Errorf("%v; want that work which ended too late is not done", err)
	}
}

func TestALateRenewalDoesNotReviveALease(t *testing.T) {
	conn := migrated(t)
	l := quickLease(conn, "one")
	l.times.beat = time.Hour
	_ = l.Hold(t.Context(), func(ctx context.Context) error {
		<-ctx.Done() // nobody renews
		if err := l.prolong(t.Context()); err == nil || l.Held() == nil {
			t.Errorf("revived: %v", err)
		}
		return nil
	})
}

func TestADeadHoldersLeaseIsTakenOverAfterTheWatch(t *testing.T) {
	conn := migrated(t)
	first, second := quickLease(conn, "one"), quickLease(conn, "two")
	if err := first.acquire(t.Context(), false); err != nil { // and it dies
		t.Fatal(err)
	}
	begin := time.Now()
	holding(t, second)
	if took := time.Since(begin); took < second.times.watch {
		t.Errorf("taken over after %s, before the watch of %s was over", took, second.times.watch)
	}
	first.forget(t.Context(), 1000) // which it had sent before
	if row, err := second.read(t.Context()); err != nil || row.holder != "two" {
		t.Errorf("%+v, %v: the first released what the second has", row, err)
	}
}

func TestOfManyAtOnceNoTwoHoldItAtOnce(t *testing.T) {
	conn := migrated(t)
	var holders, runs atomic.Int32
	var group sync.WaitGroup
	for i := range 5 {
		group.Go(func() {
			err := quickLease(conn, fmt.Sprint(i)).HoldInTurn(t.Context(), func(ctx context.Context) error {
				if n := holders.Add(1); n > 1 {
					t.Errorf("%d hold it", n)
				}
				runs.Add(1)
				time.Sleep(50 * time.Millisecond)
				holders.Add(-1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if runs.Load() != 5 {
		t.Errorf("%d had their turn, want 5", runs.Load())
	}
}

func TestAClaimThatWasSlowDoesNotCount(t *testing.T) {
	conn := migrated(t)
	l := quickLease(conn, "one")
	stale := seenRow{asked: time.Now().Add(-2 * l.times.prompt)}
	if claimed, err := l.claim(t.Context(), stale); claimed || err != nil {
		t.Errorf("claimed: %v, %v; want that it claims again", claimed, err)
	}
}

func TestAClaimThatIsBrokenOffIsGivenUp(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "one")
	first.times.settle = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := first.acquire(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if row, err := first.read(t.Context()); err != nil || row.holder != "" || row.version != 2 {
		t.Errorf("%+v, %v; want nobody", row, err)
	}
}

func TestAHolderGoesOnWhenTheServerWasAwayForAMoment(t *testing.T) {
	conn := migrated(t)
	l := quickLease(conn, "one")
	l.times.term, l.times.watch = 3*time.Second, 4*time.Second
	end := holding(t, l)
	exec(t, conn, "RENAME TABLE leases TO away")
	time.Sleep(5 * l.times.beat)
	exec(t, conn, "RENAME TABLE away TO leases")
	before, err := l.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * l.times.beat)
	if row, err := l.read(t.Context()); err != nil || row.holder != "one" || row.version <= before.version {
		t.Errorf("%+v after %+v, %v; want more renewals", row, before, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// Several migrators at once, as the roles of a deployment start with --migrate.
func TestMigratorsTakeTurns(t *testing.T) {
	db := testkit.ClickHouse(t)
	var group sync.WaitGroup
	var took atomic.Int32
	for i := range 3 {
		conn := db.Open()
		group.Go(func() {
			steps, err := MigrateInTurn(t.Context(), conn, MigrateOptions{}, fmt.Sprint("migrator ", i))
			if err != nil {
				t.Errorf("migrator %d: %v", i, err)
			}
			if len(steps) > 0 {
				took.Add(1)
			}
		})
	}
	group.Wait()
	if took.Load() != 1 {
		t.Errorf("%d of 3 took migrations, want one", took.Load())
	}
}

func TestTheLeasesTimesKeepTheirOrder(t *testing.T) {
	times := defaultLeaseTimes()
	if times.term <= 2*times.beat || times.watch < times.term*5/4 || times.settle <= times.prompt {
		t.Errorf("%+v: a successor may start before its holder stops, or two claims stand", times)
	}
}
