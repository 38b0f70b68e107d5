package owner_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
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

// Values that are sent once do not stay for ever, and count as ever when they come again.
func TestKeysWithoutRatingsAreFreed(t *testing.T) {
	const values = 3000
	r := memoryRig(t, 64<<20)
	valued := func(from int, at int64) []owner.Record {
		out := ratings(from, values, func(int) int64 { return at })
		for i := range out {
			out[i].Event.Segment, out[i].Timestamp = fmt.Sprint("value-", i), at
		}
		return out
	}
	keys := func() (n int) {
		r.owners[0].Current(func(window.Key, string, *window.Sums) { n++ })
		return n / len(r.cfg.Grid.Windows)
	}
	r.assign(start)
	r.feed(valued(0, start))
	r.write(start, false)
	full := r.owners[0].Progress().Bytes
	if keys() < values {
		t.Fatalf("%d keys", keys())
	}
	later := start + 10*24*hour
	r.feed(ratings(values, 1, func(int) int64 { return later }))
	r.flush.Sink = &amid{Sink: r.store, then: func() { // new values come while the flush that frees the keys is under way
		r.owners[0].Fold(valued(values+1, later))
	}}
	r.end(later)
	r.flush.Sink = r.store
	r.write(later, false)
	r.end(later + 3*hour)
	r.end(later + 10*24*hour)
	if n, bytes := keys(), r.owners[0].Progress().Bytes; n > 10 || bytes > full/10 {
		t.Errorf("%d keys and %d of %d bytes are left of %d values without ratings", n, bytes, full, values)
	}
	r.feed(valued(2*values+1, start)) // late: the panes are read back
	r.end(later + 11*24*hour)
	wantOverall(t, r, 3*values+1)
	for _, p := range r.store.Panes() {
		if p.Key.Dimension == window.Segment && p.Sums.Ratings != map[bool]int64{true: 2, false: 1}[p.Pane == r.cfg.Grid.PaneOf(start)] {
			t.Fatalf("%+v: %d ratings", p.Key, p.Sums.Ratings)
		}
	}
}

// amid is a sink that does something once, while a flush is under way.
type amid struct {
	owner.Sink
	then func()
}

func (s *amid) InsertCheckpoints(ctx context.Context, rows []owner.Checkpoint) error {
	if s.then != nil {
		s.then()
		s.then = nil
	}
	return s.Sink.InsertCheckpoints(ctx, rows)
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// What the bound counts is what it costs, whatever a stranger sends.
func TestTheMemoryThatIsCountedIsWhatTheHeapTakes(t *testing.T) {
	rejected := func(headers int) []owner.Record {
		out := make([]owner.Record, 20_000/(1+headers/100))
		for i := range out {
			d := owner.DeadLetter{Offset: int64(i), Reason: "bad_json", Detail: "d", Key: make([]byte, 8), Value: make([]byte, 24)}
			for range headers / 100 {
				d.Headers = append(d.Headers, owner.Header{Key: strings.Repeat("k", 40), Value: make([]byte, 60)})
			}
			out[i] = owner.Record{Offset: int64(i), Timestamp: start, Rejected: &d}
		}
		return out
	}
	valued := func(from, n int) []owner.Record {
		out := ratings(from, n, func(i int) int64 { return start - int64(i%3)*15*minute })
		for i := range out {
			v := fmt.Sprintf("value-%d", from+i)
			out[i].Event.Segment, out[i].Event.Channel, out[i].Event.ProductID = v, v, v
		}
		return out
	}
	commented := func(n int) []owner.Record {
		out := ratings(0, n, func(int) int64 { return start })
		for i := range out {
			out[i].Event.Comment = strings.Repeat("c", 264)
		}
		return out
	}
	for _, c := range []struct {
		what    string
		records func() []owner.Record
		flush   bool
	}{
		{"ratings of one pane", func() []owner.Record { return ratings(0, 100_000, func(int) int64 { return start }) }, true},
		{"ratings of many panes", func() []owner.Record {
			return ratings(0, 30_000, func(i int) int64 { return start - int64(i%3000)*15*minute })
		}, true},
		{"a value in three dimensions with each rating", func() []owner.Record { return valued(0, 5000) }, true},
		{"facts that wait", func() []owner.Record { return commented(20_000) }, false},
		{"dead letters", func() []owner.Record { return rejected(0) }, false},
		{"dead letters with headers", func() []owner.Record { return rejected(2000) }, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := memoryRig(t, 1<<30)
			r.flush.Sink = nowhere{}
			r.assign(start)
			before := heap()
			r.feed(c.records())
			if c.flush {
				r.write(start, false)
				r.flush = owner.Flusher{} // its buffers are of one block at most
			}
			taken, counted := heap()-before, r.owners[0].Progress().Bytes
			t.Logf("%d bytes are counted, the heap grew by %d", counted, taken)
			if counted < taken*3/4 || counted > taken*3/2 {
				t.Errorf("%d bytes are counted, the heap grew by %d", counted, taken)
			}
			runtime.KeepAlive(r)
		})
	}
}

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) InsertFacts(context.Context, []fact.Fact) error              { return nil }
func (nowhere) InsertPanes(context.Context, []owner.PaneRow) error          { return nil }
func (nowhere) InsertWindows(context.Context, []owner.WindowRow) error      { return nil }
func (nowhere) InsertDeadLetters(context.Context, []owner.DeadLetter) error { return nil }
func (nowhere) InsertCheckpoints(context.Context, []owner.Checkpoint) error { return nil }
