package clickhouse

import (
	"fmt"
	"math"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

func factOf(f *fixture, e *event.Event, offset int64) fact.Fact {
	return fact.New(e, 1, offset, 0, f.grid.PaneOf(e.OccurredAt))
}

// figures is a row of a view.
type figures struct {
	Window    string    `ch:"window"`
	Dimension string    `ch:"dimension"`
	Value     string    `ch:"value"`
	Start     time.Time `ch:"window_start"`
	End       time.Time `ch:"window_end"`
	Responses int64     `ch:"responses"`
	Ratings   int64     `ch:"ratings"`
	Average   *float64  `ch:"average_rating"`
	Rate      *float64  `ch:"satisfaction_rate"`
	Low       *float64  `ch:"satisfaction_low"`
	High      *float64  `ch:"satisfaction_high"`
	Highly    *float64  `ch:"high_satisfaction_rate"`
	Dis       *float64  `ch:"dissatisfaction_rate"`
	Response  *float64  `ch:"response_time_ms"`
	Accuracy  *float64  `ch:"accuracy"`
}

const figureColumns = "`window`, dimension, value, window_start, window_end, responses, ratings, average_rating, satisfaction_rate, satisfaction_low, " +
	"satisfaction_high, high_satisfaction_rate, dissatisfaction_rate, response_time_ms, accuracy"

func (r *figures) check(t *testing.T, s window.Sums) {
	t.Helper()
	near := func(name string, got *float64, want float64, n int64) {
		t.Helper()
		switch {
		case n == 0 && got != nil:
			t.Errorf("%s %s=%q %s: %s is %v, want NULL", r.Window, r.Dimension, r.Value, r.End, name, *got)
		case n > 0 && (got == nil || math.Abs(*got-want) > 1e-12*max(1, math.Abs(want))):
			t.Errorf("%s %s=%q %s: %s is %v, want %v", r.Window, r.Dimension, r.Value, r.End, name, got, want)
		}
	}
	if r.Responses != s.Responses() || r.Ratings != s.Ratings {
		t.Errorf("%s %s=%q %s: %d responses, %d ratings; want %d, %d", r.Window, r.Dimension, r.Value, r.End, r.Responses, r.Ratings, s.Responses(), s.Ratings)
	}
	n := float64(s.Ratings)
	lo, hi := wilson(float64(s.Satisfied), n)
	near("mean", r.Average, float64(s.Sum)/n/100, s.Ratings)
	near("rate", r.Rate, float64(s.Satisfied)/n, s.Ratings)
	near("lower bound", r.Low, lo, s.Ratings)
	near("upper bound", r.High, hi, s.Ratings)
	near("highly satisfied", r.Highly, float64(s.Highly)/n, s.Ratings)
	near("dissatisfied", r.Dis, float64(s.Dissatisfied)/n, s.Ratings)
	near("response time", r.Response, float64(s.Quality[0].Sum)/float64(s.Quality[0].N), s.Quality[0].N)
	near("accuracy", r.Accuracy, float64(s.Quality[1].Sum)/float64(s.Quality[1].N)/1e6, s.Quality[1].N)
}

func TestSummaryHoldsTheCurrentWindows(t *testing.T) {
	f := newFixture(t, fewWindows(), 300, 2, time.Now())
	f.stale(t)
	exec(t, f.conn, "INSERT INTO satisfaction_panes (epoch, dimension, value, pane, partition, version, ratings) SELECT 1, 'product', 'old', now() - 86400, 1, 1, 0")
	var rows []figures
	if err := f.conn.Select(t.Context(), &rows, "SELECT "+figureColumns+" FROM customer_satisfaction_summary WHERE epoch = (SELECT epoch FROM pipeline_current_epoch)"); err != nil {
		t.Fatal(err)
	}
	lengths := map[string]window.Pane{"1h": 4, "12h": 48, "3d": 288}
	keys := map[window.Key]bool{{Dimension: "product", Value: "old"}: true}
	for at := range f.panes {
		keys[at.key] = true
	}
	if want := len(keys) * len(lengths); len(rows) != want {
		t.Errorf("%d rows, want %d: one for each key and window", len(rows), want)
	}
	for _, r := range rows {
		end := f.grid.PaneOf(r.End.UnixMilli())
		if r.End.Sub(r.Start) != time.Duration(lengths[r.Window])*f.def.Pane || end < f.last+1 || end > f.last+2 {
			t.Fatalf("window %s from %s to %s: want the end of the pane that contains now", r.Window, r.Start, r.End)
		}
		r.check(t, f.wantPanes(end-lengths[r.Window], end, everyKey)[window.Key{Dimension: r.Dimension, Value: r.Value}])
	}
}

func TestHistoryViewSaysWhatIsComplete(t *testing.T) {
	f := newFixture(t, fewWindows(), 300, 2, now)
	f.stale(t)
	read := func() map[string]bool {
		var rows []struct {
			figures
			Complete bool `ch:"complete"`
		}
		if err := f.conn.Select(t.Context(), &rows, "SELECT complete, "+figureColumns+" FROM satisfaction_history"); err != nil {
			t.Fatal(err)
		}
		complete := map[string]bool{}
		for _, r := range rows {
			end := f.grid.PaneOf(r.End.UnixMilli())
			var sums window.Sums
			for p := range f.def.Partitions {
				if s := f.windows[windowAt{int32(p), r.Window, end, window.Key{Dimension: r.Dimension, Value: r.Value}}]; s != nil {
					sums.Add(s)
				}
			}
			r.check(t, sums)
			complete[fmt.Sprint(r.Window, r.End)] = r.Complete
		}
		return complete
	}
	for at, complete := range read() {
		if !complete {
			t.Errorf("window %s is not complete, though all watermarks are past it", at)
		}
	}
	behind := owner.Checkpoint{Partition: 3, Cut: f.cut + 1, Watermark: int64(f.last-8) * f.grid.PaneMS, FreshAt: 0}
	if err := f.sink.InsertCheckpoints(t.Context(), []owner.Checkpoint{behind}); err != nil {
		t.Fatal(err)
	}
	complete := read()
	if !complete[fmt.Sprint("1h", f.grid.Start(f.last-8))] || complete[fmt.Sprint("1h", f.grid.Start(f.last-7))] {
		t.Error("want windows complete up to the least watermark, its instant included, and not past it")
	}
	exec(t, f.conn, "DELETE FROM pipeline_checkpoints WHERE partition = 3")
	for at, complete := range read() {
		if complete {
			t.Fatalf("window %s is complete, though a partition has no checkpoint", at)
		}
	}
}

func TestViewsFollowTheCurrentEpoch(t *testing.T) {
	conn := migrated(t)
	var count uint64
	row := conn.QueryRow(t.Context(), "SELECT count() FROM pipeline_current_epoch")
	if err := row.Scan(&count); err != nil || count != 0 {
		t.Errorf("%d current epochs before the first start, %v: want none", count, err)
	}
	def := fewWindows()
	for _, e := range []Epoch{{Number: 1, State: Current, Definition: def}, {Number: 2, State: Building, Definition: def},
		{Number: 1, State: Retired, Definition: def}, {Number: 2, State: Current, Definition: def}} {
		if err := PutEpoch(t.Context(), conn, e, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	var epoch, partitions uint32
	row = conn.QueryRow(t.Context(), "SELECT epoch, partitions FROM pipeline_current_epoch")
	if err := row.Scan(&epoch, &partitions); err != nil || epoch != 2 || partitions != 4 {
		t.Errorf("current epoch %d with %d partitions, %v: want 2 with 4", epoch, partitions, err)
	}
}
