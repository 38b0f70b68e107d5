package owner_test

import (
	"fmt"
	"testing"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// More keys than are summed at once, more panes than are read at once, and more than a week of them.
func TestLateRatingsOfManyKeysPanesAndWeeksRewriteEveryWindow(t *testing.T) {
	const keys, panes = 3000, 150
	r := memoryRig(t, 64<<20)
	late := func(from, revision int) []owner.Record {
		out := ratings(from, keys, func(i int) int64 { return start - int64(1+i%panes)*12*hour })
		for i := range out {
			e := &out[i].Event
			e.RatingID, e.Revision, e.Segment, e.Rating = fmt.Sprint("late-", i), uint32(revision), fmt.Sprint("segment-", i), int32(300+100*revision)
		}
		return out
	}
	r.assign(start)
	r.feed(ratings(0, 1, func(int) int64 { return start }))
	r.end(start) // the windows of all the time before have closed
	r.feed(late(1, 0))
	r.write(start, false)
	wantWindowsOfPanes(t, r, keys+1, 300)
	r.assign(start)
	r.feed(late(1+keys, 1))
	r.write(start, false)
	wantWindowsOfPanes(t, r, keys+1, 400)
	if s := r.stats(); s.PagedIn != panes || s.Corrections != keys {
		t.Errorf("%d panes were read back and %d ratings corrected, want %d and %d", s.PagedIn, s.Corrections, panes, keys)
	}
}

// wantWindowsOfPanes fails unless every closed window is the sum of its panes, those of the late ratings with the score.
func wantWindowsOfPanes(t *testing.T, r *rig, n int, score int64) {
	t.Helper()
	want := map[row]window.Sums{}
	closed := r.cfg.Grid.PaneOf(r.checkpoints()[0].Watermark)
	var overall window.Sums
	for _, p := range r.store.Panes() {
		if p.Key.Dimension == window.Overall {
			overall.Add(&p.Sums)
		}
		for _, w := range r.cfg.Grid.Windows {
			for end := r.cfg.Grid.FirstEnd(w, p.Pane); end <= min(p.Pane+w.Length, closed); end += w.Slide {
				k := row{p.Partition, w.Name, end, p.Key}
				sums := want[k]
				sums.Add(&p.Sums)
				want[k] = sums
			}
		}
	}
	if overall.Ratings != int64(n) || overall.Sum != int64(n-1)*score+400 {
		t.Fatalf("the panes hold %d ratings that sum to %d", overall.Ratings, overall.Sum)
	}
	got := map[row]window.Sums{}
	for _, w := range r.store.Windows() {
		got[row{w.Partition, w.Window, w.End, w.Key}] = w.Sums
	}
	missing, wrong := 0, 0
	for k, s := range want {
		if g, ok := got[k]; !ok {
			missing++
		} else if g != s {
			wrong++
		}
	}
	if missing+wrong > 0 || len(got) != len(want) {
		t.Errorf("of %d windows %d are missing and %d wrong; %d are stored", len(want), missing, wrong, len(got))
	}
}
