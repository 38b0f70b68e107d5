package owner_test

import (
	"context"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

func overallOf(r *rig) (n int64) {
	for _, p := range r.store.Panes() {
		if p.Key.Dimension == window.Overall {
			n += p.Sums.Ratings
		}
	}
	return n
}

// An erasure of a pane whose facts may be gone changes no sum, whichever clock tells that it is so old.
func TestWhatIsOlderThanTheFactsThatAreKeptIsNotTouched(t *testing.T) {
	const years = 3 * 366 * 24 * hour
	for name, tc := range map[string]struct {
		log, read int64
		fault     owner.Fault
		want      int64
	}{
		"by the log's time":                     {start + years, start, 0, 10},
		"by the processor's clock":              {start, start + years, 0, 10},
		"not old by any clock":                  {start, start, 0, 9},
		"by the record's own timestamp: a trap": {start + years, start + years, owner.FrozenByRecord, 9},
	} {
		r := memoryRig(t, 64<<20)
		r.assign(start)
		r.feed(ratings(0, 10, func(int) int64 { return start }))
		r.end(start)
		r.cfg.Fault = tc.fault
		r.assign(start)
		erasure := ratings(0, 1, func(int) int64 { return start })[0]
		erasure.Offset, erasure.Event.Op = 10, event.Erase
		erasure.Log, erasure.Read = event.LogTime(tc.log), event.ProcessorTime(tc.read)
		r.feed([]owner.Record{erasure})
		r.write(start, false)
		if n := overallOf(r); n != tc.want {
			t.Errorf("%s: the pane holds %d ratings, want %d", name, n, tc.want)
		}
	}
}

// A processor admitted a record, stored its fact and died; by the clock of the next one the record is rejected.
func TestARejectionByAClockRewritesThePaneOfWhatWasAdmittedBefore(t *testing.T) {
	for fault, want := range map[owner.Fault]int64{0: 2, owner.RejectedUntouched: 1} {
		r := memoryRig(t, 64<<20)
		r.cfg.Fault = fault
		r.assign(start)
		r.feed(ratings(0, 1, func(int) int64 { return start }))
		r.end(start)
		torn := ratings(1, 1, func(int) int64 { return start })[0]
		f := fact.New(&torn.Event, 0, torn.Offset, torn.Timestamp, r.cfg.Grid.PaneOf(start))
		if err := r.store.InsertFacts(context.Background(), []fact.Fact{f}); err != nil {
			t.Fatal(err)
		}
		r.assign(start)
		torn.Rejected, torn.Timed = &owner.DeadLetter{Offset: torn.Offset, Reason: "in_future"}, true
		r.feed([]owner.Record{torn})
		r.write(start, false)
		if n := overallOf(r); n != want {
			t.Errorf("fault %d: the pane holds %d ratings, its facts are 2: want %d", fault, n, want)
		}
	}
}

func TestAPartitionThatWasNotReadIsNotCheckpointed(t *testing.T) {
	r := memoryRig(t, 64<<20)
	r.assign(start)
	r.write(start, true)
	if n := len(r.checkpoints()); n != 0 {
		t.Fatalf("%d checkpoints of partitions that were never read", n)
	}
	r.owners[0].AtEnd(40, start) // an empty log that begins at 40
	r.write(start, true)
	if c, ok := r.checkpoints()[0]; !ok || c.Cut != 40 || c.Log != event.LogTime(start) {
		t.Errorf("%+v, want a cut of 40, where the log begins", c)
	}
}

// The store's clock is this machine's; the processor's is ten minutes ahead of it.
func TestTheWatermarkFollowsTheClockThatIsBehind(t *testing.T) {
	r := memoryRig(t, 64<<20)
	ahead := time.Now().Add(10 * time.Minute).UnixMilli()
	r.assign(ahead)
	r.feed(ratings(0, 1, func(int) int64 { return ahead }))
	r.end(ahead)
	c := r.checkpoints()[0]
	if now := time.Now().UnixMilli(); c.Watermark > now-r.cfg.Lateness.Milliseconds() || c.Watermark < now-10*60_000 {
		t.Errorf("the watermark is %d ms after now, by a processor whose clock is ahead: want %s before the store's", c.Watermark-now, r.cfg.Lateness)
	}
}
