package clickhouse

import (
	"testing"
)

func TestVerifyProto(t *testing.T) {
	f := newFixture(t, 3000, 40, 1)
	opts := DefaultVerifyOptions(now)
	opts.Pause = 0
	r, err := Verify(t.Context(), f.conn, 1, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d panes %d windows; report facts %d panes %d windows %d differing %d unsettled %d conflicts %d", len(f.panes), len(f.windows), r.Facts, r.PaneRows, r.WindowRows, r.Differing, r.Unsettled, r.ConflictCount)
	for _, d := range r.Differences[:min(5, len(r.Differences))] {
		t.Error(d)
	}
}
