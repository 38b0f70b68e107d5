package pipeline

import (
	"testing"
	"time"

	"satisflow/pipeline/owner"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func TestTheLagIsWhatTheBrokerSays(t *testing.T) {
	var l lag
	l.fetched(100)
	if n := l.records(40); n != 60 {
		t.Errorf("before an answer %d records wait, want the 60 of the last fetch", n)
	}
	l.asked(2000, after(0))
	if n := l.records(40); n != 1960 {
		t.Errorf("%d records wait, want 1960", n)
	}
	if n := l.records(2100); n != 0 {
		t.Errorf("%d records wait behind an offset beyond the answer", n)
	}
	l.asked(50, after(1)) // the log was cut
	if n := l.records(40); n != 10 {
		t.Errorf("%d records wait, want 10", n)
	}
}

func TestFiguresAreAsOldAsTheTimeSinceTheLogEndedWhereTheyDo(t *testing.T) {
	var l lag
	for i := range 1000 {
		l.asked(int64(100*i), after(2*i))
	}
	if _, ok := (&lag{}).reached(5); ok {
		t.Error("a lag that asked nothing knows when an offset was the end")
	}
	for _, c := range []struct{ next, want, off int64 }{{99_900, 1998, 0}, {99_899, 1996, 0}, {90_050, 1800, 0}, {40_000, 800, 60}} {
		at, ok := l.reached(c.next)
		if got := int64(at.Sub(noon).Seconds()); !ok || got > c.want || got < c.want-c.off {
			t.Errorf("offset %d was the end at second %d, want %d or up to %d s before", c.next, got, c.want, c.off)
		}
	}
	if len(l.seen) > maxSeen {
		t.Errorf("%d answers are kept, want at most %d", len(l.seen), maxSeen)
	}
	l.asked(99_900, after(5000))
	if at, _ := l.reached(99_900); !at.Equal(after(5000)) {
		t.Errorf("the end stayed, and is said to have been reached at %v", at)
	}
	if at, _ := l.reached(99_899); !at.Equal(after(1996)) {
		t.Errorf("one before the end: %v", at)
	}
}

func TestAPartitionHasStalledWhenRecordsWaitAndNoCheckpointMoves(t *testing.T) {
	var l lag
	p := owner.Progress{Cut: -1}
	stalled := func(second int, cut, end int64) time.Duration {
		l.asked(end, after(second))
		p.Cut = cut
		return l.stalled(&p, after(second))
	}
	for _, c := range []struct {
		second    int
		cut, end  int64
		wantSince int
	}{
		{0, -1, 0, 0}, {100, -1, 0, 0}, // empty
		{110, -1, 50, 10}, {170, -1, 90, 70}, // nothing was ever read
		{180, 40, 90, 0}, {190, 40, 90, 10}, {200, 60, 90, 0}, // it goes on
		{300, 60, 500, 100}, {310, 500, 500, 0}, {400, 500, 500, 0}, {401, 500, 501, 1},
	} {
		if got := stalled(c.second, c.cut, c.end); got != time.Duration(c.wantSince)*time.Second {
			t.Errorf("at second %d, cut %d of %d: stalled for %v, want %d s", c.second, c.cut, c.end, got, c.wantSince)
		}
	}
}
