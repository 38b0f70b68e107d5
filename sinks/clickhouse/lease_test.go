package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// quickLease is a lease that beats ten times a second.
func quickLease(conn driver.Conn, holder string) *Lease {
	l := NewLease(conn, "gateway", holder)
	l.beat, l.settle = 100*time.Millisecond, 100*time.Millisecond
	return l
}

const leaseWatch = time.Second

// run lets the holder beat; end stops it as a kill would and returns what Run returned.
func (l *Lease) run(t *testing.T) (end func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = end() })
	return end
}

func acquire(t *testing.T, l *Lease) {
	t.Helper()
	if err := l.Acquire(t.Context(), leaseWatch, now); err != nil {
		t.Fatal(err)
	}
}

func TestASecondHolderIsRefusedWhileTheFirstBeats(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "host-1:42")
	acquire(t, first)
	first.run(t)
	for range 2 {
		begin := time.Now()
		err := quickLease(conn, "host-2:43").Acquire(t.Context(), leaseWatch, now.Add(time.Hour))
		var held *HeldError
		if !errors.As(err, &held) || held.Holder != "host-1:42" || !held.Since.Equal(now) || held.Role != "gateway" {
			t.Errorf("%v; want that host-1:42 has it since %s", err, now)
		}
		if took := time.Since(begin); took >= leaseWatch {
			t.Errorf("refused after %s: want it at the first beat that is seen", took)
		}
	}
	other := NewLease(conn, "reports", "host-2:43")
	if err := other.Acquire(t.Context(), leaseWatch, now); err != nil {
		t.Errorf("another role: %v", err)
	}
}

func TestADeadHoldersLeaseIsTakenOver(t *testing.T) {
	conn := migrated(t)
	first, second := quickLease(conn, "one"), quickLease(conn, "two")
	acquire(t, first)
	end := first.run(t)
	time.Sleep(3 * first.beat)
	if err := end(); err != nil { // without a release
		t.Fatal(err)
	}
	begin := time.Now()
	acquire(t, second)
	if took := time.Since(begin); took < leaseWatch {
		t.Errorf("taken over after %s, before the watch of %s was over", took, leaseWatch)
	}
	end = second.run(t)
	// The first one was only stopped in its tracks.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := first.Run(ctx)
	var held *HeldError
	if !errors.As(err, &held) || held.Holder != "two" {
		t.Errorf("the first goes on with %v; want that two has it", err)
	}
	if err := first.Release(t.Context()); err != nil {
		t.Error(err)
	}
	time.Sleep(3 * second.beat)
	if err := end(); err != nil {
		t.Errorf("the second lost it by what the first did: %v", err)
	}
}

func TestALeaseThatWasGivenUpIsTakenAtOnce(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "one")
	acquire(t, first)
	end := first.run(t)
	time.Sleep(3 * first.beat)
	if err := errors.Join(end(), first.Release(t.Context())); err != nil {
		t.Fatal(err)
	}
	const watch = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := quickLease(conn, "two").Acquire(ctx, watch, now); err != nil {
		t.Errorf("%v; want it without a watch", err)
	}
}

func TestALeaseGivenUpWhileAnotherWatchesIsTaken(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "one")
	acquire(t, first)
	go func() {
		time.Sleep(leaseWatch / 3)
		if err := first.Release(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	acquire(t, quickLease(conn, "two"))
}

func TestOfTwoAtOnceExactlyOneWinsInTheEnd(t *testing.T) {
	conn := migrated(t)
	for round := range 5 {
		time.Sleep(leaseWatch) // a beat that was under way when its holder ended may still come
		l := func(i int) *Lease {
			l := quickLease(conn, fmt.Sprintf("%d-%d", round, i))
			l.role = fmt.Sprint("gateway-", round/2) // the second time from one that is dead
			return l
		}
		const claims = 4
		errs := make([]error, claims)
		leases := make([]*Lease, claims)
		var wait sync.WaitGroup
		for i := range claims {
			leases[i] = l(i)
			wait.Go(func() { errs[i] = leases[i].Acquire(t.Context(), leaseWatch/2, now) })
		}
		wait.Wait()
		running := 0
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		for i, err := range errs {
			var held *HeldError
			switch {
			case err == nil:
				wait.Go(func() { errs[i] = leases[i].Run(ctx) })
			case !errors.As(err, &held):
				t.Error(err)
			}
		}
		wait.Wait()
		cancel()
		for _, err := range errs {
			if err == nil {
				running++
			}
		}
		if running != 1 {
			t.Errorf("round %d: %d hold it in the end: %v; want 1", round, running, errs)
		}
	}
}

func TestAClaimThatIsBrokenOffIsGivenUp(t *testing.T) {
	conn := migrated(t)
	first := quickLease(conn, "one")
	first.settle = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := first.Acquire(ctx, leaseWatch, now); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if row, err := first.read(t.Context()); err != nil || row.holder != "" || row.version != 2 {
		t.Errorf("%+v, %v; want nobody", row, err)
	}
}

func TestAHolderGoesOnWhenTheServerWasAway(t *testing.T) {
	conn := migrated(t)
	l := quickLease(conn, "one")
	acquire(t, l)
	l.run(t)
	exec(t, conn, "RENAME TABLE gateway_lease TO away")
	time.Sleep(5 * l.beat)
	exec(t, conn, "RENAME TABLE away TO gateway_lease")
	before, err := l.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * l.beat)
	if row, err := l.read(t.Context()); err != nil || row.holder != "one" || row.version <= before.version {
		t.Errorf("%+v after %+v, %v; want more beats", row, before, err)
	}
}
