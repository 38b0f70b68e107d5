package owner_test

import (
	"fmt"
	"testing"

	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

// memoryRig is a processor of one partition with a bound of its memory.
func memoryRig(t *testing.T, maxBytes int) *rig {
	def := drawnDefinition(1)
	return newRig(t, def, event.DefaultConfig(), sinktest.NewMemory(def), maxBytes)
}

// ratings are as many records from an offset on, which occurred at.
func ratings(from, n int, at func(i int) int64) []owner.Record {
	out := make([]owner.Record, n)
	for i := range out {
		e := event.Event{RatingID: fmt.Sprintf("rating-%029d", from+i), OccurredAt: at(i), CustomerID: "c", Service: "s", Rating: 400, Quality: event.NoQuality()}
		out[i] = owner.Record{Offset: int64(from + i), Timestamp: start, Bytes: 300, Event: e}
	}
	return out
}

// feed folds the records in batches of a fetch, with a flush whenever the memory is used up, and returns how many flushes
// that took.
func (r *rig) feed(records []owner.Record) (flushes int) {
	for len(records) > 0 {
		n := min(len(records), 2000)
		taken := r.owners[0].Fold(records[:n])
		if taken < n {
			r.write(start, false)
			flushes++
		}
		records = records[taken:]
	}
	return flushes
}

func (r *rig) stats() owner.Stats { return r.owners[0].Progress().Stats }

func TestAHotPaneLargerThanTheMemoryIsNotReadBackForEachFlush(t *testing.T) {
	const bound, n = 1 << 20, 60_000
	r := memoryRig(t, bound)
	r.assign(start)
	flushes := r.feed(ratings(0, n, func(int) int64 { return start }))
	r.write(start, false)
	if got := r.owners[0].Progress(); got.Bytes < bound {
		t.Fatalf("the pane takes %d bytes of %d: too small to prove anything", got.Bytes, bound)
	}
	if s := r.stats(); s.PagedIn != 0 {
		t.Errorf("%d panes were read back, want none", s.PagedIn)
	}
	if flushes > n/200 {
		t.Errorf("%d flushes for %d records: each takes the partition on by a few records only", flushes, n)
	}

	r.assign(start) // the pane is stored, and not in memory
	flushes = r.feed(ratings(n, n/2, func(int) int64 { return start }))
	r.write(start, false)
	if s := r.stats(); s.PagedIn > 3 {
		t.Errorf("the hot pane was read back %d times in %d flushes, want once or twice", s.PagedIn, flushes)
	}
	wantOverall(t, r, n+n/2)
}

func wantOverall(t *testing.T, r *rig, n int) {
	t.Helper()
	var total window.Sums
	for _, p := range r.store.Panes() {
		if p.Key.Dimension == window.Overall {
			total.Add(&p.Sums)
		}
	}
	if total.Ratings != int64(n) || total.Sum != int64(n)*400 {
		t.Errorf("%d ratings that sum to %d, want %d", total.Ratings, total.Sum, n)
	}
}

// Ratings that come late, to panes that have left the memory, wait for the flush, which reads each pane back once.
func TestLateRatingsReadEachPaneBackOnceAFlush(t *testing.T) {
	const panes, pane = 100, 15 * minute
	r := memoryRig(t, 1<<20)
	r.assign(start)
	each := func(i int) int64 { return start - int64(i%panes)*pane }
	r.feed(ratings(0, 120*panes, each))
	r.write(start, false)
	r.assign(start)
	const rounds = 5
	for round := range rounds { // each pane three times, then a flush
		for n := 120 + 3*round; n < 123+3*round; n++ {
			if flushes := r.feed(ratings(n*panes, panes, each)); flushes > 0 {
				t.Fatalf("%d flushes amid a round", flushes)
			}
		}
		r.write(start, false)
	}
	if s := r.stats(); s.PagedIn <= panes || s.PagedIn > rounds*panes {
		t.Errorf("%d panes were read back in %d flushes, want more than the %d panes, and each at most once a flush", s.PagedIn, rounds, panes)
	}
	wantOverall(t, r, 135*panes)
}

// Panes that were found empty count in the memory like those that were read back.
func TestTheMemoryOfPanesIsCountedWheneverTheyCome(t *testing.T) {
	r := memoryRig(t, 64<<20)
	r.assign(start)
	r.feed(ratings(0, 1000, func(i int) int64 { return start - int64(i)*15*minute }))
	r.write(start, false)
	if got := r.owners[0].Progress().Bytes; got < 300_000 || got > 2_000_000 {
		t.Errorf("1,000 panes of a rating say that they take %d bytes", got)
	}
	small := memoryRig(t, 1)
	small.assign(start)
	for i := range 50 {
		small.feed(ratings(i, 1, func(int) int64 { return start - int64(i)*15*minute }))
		small.write(start, false)
		if got := small.owners[0].Progress().Bytes; got < 0 {
			t.Fatalf("%d bytes in use after %d panes", got, i)
		}
	}
}
