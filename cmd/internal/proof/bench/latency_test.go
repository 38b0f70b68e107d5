package bench

import (
	"testing"
	"time"
)

func TestALatencyIsTheTimeUntilTheCountIsReached(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	w := &watcher{samples: []sample{{at(100), 0}, {at(200), 2}, {at(300), 2}, {at(400), 3}}}
	got := w.latencies([]time.Time{at(50), at(150), at(160), at(390)})
	want := []time.Duration{150 * time.Millisecond, 50 * time.Millisecond, 240 * time.Millisecond} // the fourth was never seen
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("rating %d: %v, want %v", i+1, got[i], want[i])
		}
	}
	if q := quantiles(got); q.Median != 0.15 || q.Max != 0.24 {
		t.Errorf("%+v", q)
	}
}
