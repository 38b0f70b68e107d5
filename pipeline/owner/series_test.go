package owner

import (
	"math/rand/v2"
	"testing"

	"satisflow/pipeline/window"
)

func TestTheCurrentWindowsFollowAClockThatStepsBack(t *testing.T) {
	grid := simDefinition().Grid()
	random := rand.New(rand.NewPCG(1, 1))
	back := 0
	for range 200 {
		current := table{grid: &grid}
		for p := range window.Pane(60) {
			current.set(p, 0, window.Sums{Ratings: int64(1 + p)})
		}
		now := window.Pane(30)
		for range 40 {
			step := window.Pane(random.IntN(7)) - 3
			if step < 0 {
				back++
			}
			now = min(max(now+step, 5), 58)
			current.advance(now, never)
			for i, w := range grid.Windows {
				want := current.rows[0].sum(now+1-w.Length, now+1)
				if got := current.current(0, i); got != want {
					t.Fatalf("at pane %d the current window %s holds %d, want %d", now, w.Name, got.Ratings, want.Ratings)
				}
			}
		}
	}
	if back < 1000 {
		t.Errorf("the clock was set back %d times", back)
	}
}
