package owner_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
	start  = 1_760_000_000_000 / hour * hour // of drawn logs, Unix ms
)

// drawnDefinition has windows that overlap little, so that a log of some dozen ratings tells them apart.
func drawnDefinition(partitions int) *window.Definition {
	def := &window.Definition{Bands: window.DefaultBands(), Dimensions: window.BuiltinDimensions(), Partitions: partitions,
		Quality: []string{"response_time_ms", "accuracy", "completeness"},
		Windows: []window.Spec{{Name: "1h", Length: time.Hour, Slide: 15 * time.Minute}, {Name: "6h", Length: 6 * time.Hour, Slide: 2 * time.Hour},
			{Name: "2d", Length: 48 * time.Hour, Slide: 24 * time.Hour}}}
	def.Pane = window.PaneOf(def.Windows)
	return def
}

// drawLog draws a log: few ratings, with corrections, duplicates, erasures, rejected records, changed dimensions, late and
// old ones. What belongs together for ever, does.
func drawLog(t *rapid.T, partitions int) [][]owner.Record {
	log := make([][]owner.Record, partitions)
	ages := rapid.SliceOfN(rapid.SampledFrom([]int64{0, minute, 20 * minute, 5 * hour, 30 * hour, 70 * hour, 30 * 31 * 24 * hour}), 12, 12).Draw(t, "ages")
	var at [12]int64 // when the rating was given; 0 before its first record
	clock := start
	for i := range rapid.IntRange(1, 60).Draw(t, "records") {
		clock += rapid.SampledFrom([]int64{0, 1000, 7 * minute, 3 * hour}).Draw(t, "pause")
		n := rapid.IntRange(0, len(at)-1).Draw(t, "rating")
		if at[n] == 0 {
			at[n] = clock - ages[n]
		}
		p := n % partitions
		r := owner.Record{Offset: int64(len(log[p])), Timestamp: clock, Bytes: 200}
		if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
			r.Rejected = &owner.DeadLetter{Partition: int32(p), Offset: r.Offset, Timestamp: clock, Reason: "bad_json", Value: []byte{byte(i)}}
		} else {
			r.Event = drawEvent(t, n, at[n])
		}
		log[p] = append(log[p], r)
	}
	return log
}

func drawEvent(t *rapid.T, n int, at int64) event.Event {
	e := event.Event{RatingID: fmt.Sprint("rating-", n), CustomerID: fmt.Sprint("customer-", n%5), OccurredAt: at, Quality: event.NoQuality(),
		Revision: uint32(rapid.IntRange(0, 2).Draw(t, "revision")), Service: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service"),
		Channel: rapid.SampledFrom([]string{"", "web"}).Draw(t, "channel"), Rating: int32(rapid.SampledFrom([]int{0, 100, 300, 349, 400, 450, 500}).Draw(t, "score"))}
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		e.Op = event.Erase
	case 1:
		e.Quarantined = true
	case 2:
		e.Staff = true
	case 3:
		e.Quality[event.QualityResponseMS] = 1200
	}
	return e
}

// play reads the log on with drawn batches, flushes, ends, evictions and crashes, up to an offset of each partition.
func play(t *rapid.T, r *rig, log [][]owner.Record, to []int) {
	now := start
	r.assign(now)
	for {
		p, left := -1, 0
		for i := range log {
			if n := to[i] - int(r.next(int32(i))); n > 0 && (p < 0 || rapid.Bool().Draw(t, "partition")) {
				p, left = i, n
			}
		}
		if p < 0 {
			return
		}
		next := int(r.next(int32(p)))
		n := rapid.IntRange(1, left).Draw(t, "batch")
		now = max(now, log[p][next+n-1].Timestamp)
		r.fold(int32(p), log[p][next:next+n], now)
		switch rapid.IntRange(0, 9).Draw(t, "then") {
		case 0, 1, 2, 3:
			r.write(now, false)
		case 4:
			if next+n == len(log[p]) {
				r.owners[p].AtEnd(int64(next+n), now)
				r.write(now, true)
			}
		case 5: // a crash: what was not flushed is read again
			r.assign(now)
		}
	}
}

func lengths(log [][]owner.Record) []int {
	to := make([]int, len(log))
	for p := range log {
		to[p] = len(log[p])
	}
	return to
}

// same fails unless both stores hold the same facts and, up to the lesser watermark, the same sums.
func same(t *rapid.T, what string, a, b *rig) {
	t.Helper()
	upTo := map[int32]window.Pane{}
	ca, cb := a.checkpoints(), b.checkpoints()
	for p, c := range ca {
		upTo[p] = a.cfg.Grid.PaneOf(min(c.Watermark, cb[p].Watermark))
	}
	if fa, fb := a.store.Facts(), b.store.Facts(); !reflect.DeepEqual(fa, fb) {
		t.Fatalf("%s: the facts differ:\n%+v\n%+v", what, fa, fb)
	}
	sa, sb := sums(a.store, upTo), sums(b.store, upTo)
	for k, s := range sa {
		if sb[k] != s {
			t.Fatalf("%s: %+v is %+v, then %+v", what, k, s, sb[k])
		}
	}
	for k := range sb {
		if _, ok := sa[k]; !ok {
			t.Fatalf("%s: %+v came from nowhere", what, k)
		}
	}
	if da, db := a.store.DeadLetters(), b.store.DeadLetters(); !reflect.DeepEqual(da, db) {
		t.Fatalf("%s: the dead letters differ:\n%+v\n%+v", what, da, db)
	}
}

// I6 and I7 of the design: a replay into a new epoch, and other batch boundaries, give the same keys and values.
func TestAReplayWithOtherBatchesGivesTheSameFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		def := drawnDefinition(2)
		log := drawLog(t, def.Partitions)
		one := newRig(t, def, event.DefaultConfig(), sinktest.NewMemory(def), 1<<20)
		play(t, one, log, lengths(log))
		one.end(start + rapid.Int64Range(0, 400*hour).Draw(t, "end"))
		two := newRig(t, def, event.DefaultConfig(), sinktest.NewMemory(def), rapid.SampledFrom([]int{1, 3000, 1 << 20}).Draw(t, "memory"))
		play(t, two, log, lengths(log))
		two.end(start + rapid.Int64Range(0, 400*hour).Draw(t, "end of the replay"))
		same(t, "replay", one, two)
	})
}

// A copy of the facts amid the log, from which a processor goes on, gives what one processor of the whole log gives.
func TestACopyOfTheFactsGoesOnToTheSameFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		def := drawnDefinition(2)
		log := drawLog(t, def.Partitions)
		old := newRig(t, def, event.DefaultConfig(), sinktest.NewMemory(def), 1<<20)
		cut := make([]int, len(log))
		for p := range log {
			cut[p] = rapid.IntRange(0, len(log[p])).Draw(t, "cut")
		}
		play(t, old, log, cut)
		old.end(start + rapid.Int64Range(0, 100*hour).Draw(t, "clock at the cut"))
		cuts := old.checkpoints()
		if rapid.Bool().Draw(t, "the old processor goes on") {
			play(t, old, log, lengths(log))
			old.write(start, true)
		}
		renewed := newRig(t, def, event.DefaultConfig(), sinktest.NewMemory(def), rapid.SampledFrom([]int{3000, 1 << 20}).Draw(t, "memory"))
		copyFacts(t, renewed, old.store, cuts)
		for p, c := range cuts {
			if got := renewed.checkpoints()[p]; got.Cut != c.Cut || got.Watermark != c.Watermark {
				t.Fatalf("the copy goes on at %+v, want %+v", got, c)
			}
		}
		play(t, renewed, log, lengths(log))
		end := start + rapid.Int64Range(0, 400*hour).Draw(t, "end")
		renewed.end(end)
		whole := newRig(t, def, event.DefaultConfig(), sinktest.NewMemory(def), 1<<20)
		play(t, whole, log, lengths(log))
		whole.end(end)
		for p := range log { // the dead letters before the cut are copied by the store itself
			if err := renewed.store.InsertDeadLetters(t.Context(), slices.DeleteFunc(whole.store.DeadLetters(), func(d owner.DeadLetter) bool {
				return d.Partition != int32(p) || d.Offset >= cuts[d.Partition].Cut
			})); err != nil {
				t.Fatalf("%v", err)
			}
		}
		same(t, "copy", whole, renewed)
	})
}

// copyFacts folds the facts below the cuts as package rebuild does: in order of time, a flush only between two panes,
// checkpoints last.
func copyFacts(t *rapid.T, r *rig, from *sinktest.Memory, cuts map[int32]owner.Checkpoint) {
	sink := &withoutCheckpoints{Sink: r.store}
	r.flush.Sink = sink
	r.assign(start)
	for p, o := range r.owners {
		o.AtEnd(cuts[int32(p)].Cut, 0)
	}
	pane := window.Pane(0)
	for _, f := range copied(from, cuts) {
		if f.Pane != pane && rapid.Bool().Draw(t, "flush") {
			r.write(start, false)
		}
		pane = f.Pane
		r.fold(f.Partition, []owner.Record{{Offset: f.Offset, Timestamp: f.Timestamp, Event: f.Event, Bytes: 200, Copied: true}}, start)
	}
	r.write(start, false)
	sink.all = true
	for p, o := range r.owners {
		o.AtEnd(cuts[int32(p)].Cut, max(0, cuts[int32(p)].Watermark+r.cfg.Lateness.Milliseconds()))
	}
	r.write(start, true)
}
