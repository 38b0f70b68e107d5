package web

import (
	"context"
	"slices"
	"time"

	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// asOf says how far figures are to be relied on.
type asOf struct {
	At   time.Time // up to when every partition was read; zero while one never was
	Late bool      // whether that is so long ago that something is catching up or down
}

// lateAfter is after how long without news a page says so; checkpoints are written every few seconds.
const lateAfter = 2 * time.Minute

// asOf is read before figures are: newer checkpoints would promise what those do not hold yet.
func (w *Web) asOf(ctx context.Context, e *clickhouse.Epoch) (asOf, error) {
	fresh, err := w.Reader.Freshness(ctx, e)
	if err != nil || fresh.FreshAt.Unix() <= 0 {
		return asOf{Late: true}, err
	}
	return asOf{fresh.FreshAt, w.Now().Sub(fresh.FreshAt) > lateAfter}, nil
}

// standing is where satisfaction stands: of all, or of one service or segment.
type standing struct {
	asOf
	Window      window.Spec // that Now, Before and Trend are of
	Now, Before figure      // Now holds the last, open pane
	Change      change
	Windows     []windowFigure
	Trend       *chart // nil before two windows have closed
}

// windowFigure is the figure of one of the rolling windows, that is going on now.
type windowFigure struct {
	Length time.Duration
	Figure figure
}

// trendWindows is how many closed windows a trend shows.
const trendWindows = 28

// standing reads where the key stands.
func (w *Web) standing(ctx context.Context, e *clickhouse.Epoch, key window.Key, s say) (st standing, err error) {
	if st.asOf, err = w.asOf(ctx, e); err != nil {
		return st, err
	}
	only := clickhouse.Selection{Keys: []window.Key{key}}
	st.Window = mainWindow(e)
	var main clickhouse.Span // the window that the headline is of
	for _, spec := range e.Definition.Windows {
		span, err := clickhouse.CurrentSpan(e, spec.Name, s.now)
		if err != nil {
			return st, err
		}
		f, err := w.sumOf(ctx, e, span, only)
		if err != nil {
			return st, err
		}
		st.Windows = append(st.Windows, windowFigure{spec.Length, f})
		if spec.Name == st.Window.Name {
			st.Now, main = f, span
		}
	}
	before := clickhouse.Span{From: main.From.Add(-st.Window.Length), To: main.From}
	if st.Before, err = w.sumOf(ctx, e, before, only); err != nil {
		return st, err
	}
	begin, err := w.Reader.Begin(ctx, e)
	if err != nil {
		return st, err
	}
	st.Change = changeOf(&st.Now, &st.Before, before.From, begin)
	closed, err := w.Reader.History(ctx, e, st.Window.Name, only, clickhouse.Span{From: s.now.Add(-trendWindows * st.Window.Slide), To: s.now.Add(time.Second)})
	if err == nil {
		st.Trend = w.trend(closed, trendEnd{main, st.Now, begin}, st.Window, s)
	}
	return st, err
}

// sumOf is the figure of the only key of a selection.
func (w *Web) sumOf(ctx context.Context, e *clickhouse.Epoch, span clickhouse.Span, only clickhouse.Selection) (figure, error) {
	_, groups, err := w.Reader.Range(ctx, e, span, only)
	if i := slices.IndexFunc(groups, func(g clickhouse.Group) bool { return g.Key == only.Keys[0] }); i >= 0 {
		return w.figure(&groups[i].Sums), err
	}
	return w.figure(&window.Sums{}), err
}

// mainWindow is that of 28 days, as the API has it; where it is not configured, the longest.
func mainWindow(e *clickhouse.Epoch) window.Spec {
	longest := e.Definition.Windows[0]
	for _, s := range e.Definition.Windows {
		if s.Name == "28d" {
			return s
		}
		if s.Length > longest.Length {
			longest = s
		}
	}
	return longest
}

// trendEnd is the figure that a trend ends with, which is the headline's, and when the ratings begin.
type trendEnd struct {
	span  clickhouse.Span
	now   figure
	begin time.Time
}

// trendPoint is a figure of a trend, and whether ratings were given from the start of its window on.
type trendPoint struct {
	end   time.Time
	whole bool
	figure
}

// trend is the chart of closed windows that are complete, and of the one that is going on as its last point; nil of less than
// two.
func (w *Web) trend(closed []clickhouse.Closed, end trendEnd, spec window.Spec, s say) *chart {
	var points []trendPoint
	for i := range closed {
		if c := &closed[i]; c.Complete && c.To.Before(end.span.To) {
			points = append(points, trendPoint{c.To, !end.begin.After(c.From), w.figure(&c.Sums)})
		}
	}
	if len(points) == 0 || len(points) == 1 && end.now.N == 0 {
		return nil
	}
	points = append(points, trendPoint{end.span.To, !end.begin.After(end.span.From), end.now})
	c := &chart{ID: "trend", Columns: []string{s.in("Window ended", "窗口结束于"), s.in("Satisfied", "满意率")}}
	for i, p := range points {
		when := s.Date(p.end)
		switch {
		case i == len(points)-1:
			when = s.in("now", "现在")
		case spec.Slide%day != 0:
			when = s.local(p.end).Format("01-02 15:04")
		}
		c.Points = append(c.Points, point{When: when, N: p.N, Value: p.Share, Low: p.Low, High: p.High, Text: s.Text(p.figure)})
	}
	c.Title = trendTitle(points, spec, s)
	f := shareFrame(c.Points, w.Target)
	f.Unit, f.LineText = s.Target, s.in("target ", "目标 ")+s.Target(w.Target)
	f.Bars = s.in("ratings in the window", "窗口内评分数")
	c.draw(f)
	return c
}

// trendTitle says in a sentence what the chart shows, and no more: of windows that overlap, chance is hard to tell. It ends
// with the share that the headline has, and compares it with the first window that is like it: one that ratings were given
// in from its start on, and a tenth of as many.
func trendTitle(points []trendPoint, spec window.Spec, s say) string {
	last := &points[len(points)-1]
	length := s.Days(spec.Length)
	if last.N == 0 {
		return s.in("The last "+length+" have no ratings.", "最近 "+length+"没有评分")
	}
	to := s.Share(last.figure)
	first := slices.IndexFunc(points, func(p trendPoint) bool { return p.whole && comparable(p.N, last.N) })
	if first < 0 || first == len(points)-1 {
		return s.in("The share over "+length+" is "+to+" now. There is no whole earlier period to compare it with.", length+"满意率现为 "+to+"，尚无完整的更早时段可比较")
	}
	over, from := s.Days(last.end.Sub(points[first].end).Round(spec.Slide)), s.shareBeside(points[first].Share, last.Share)
	switch {
	case points[first].Share == last.Share:
		return s.in("The share over "+length+" is where it was "+over+" before: "+to+".", length+"满意率与 "+over+"前持平："+to)
	case last.Share > points[first].Share:
		return s.in("The share over "+length+" rose from "+from+" to "+to+" within "+over+".", length+"满意率在 "+over+"内由 "+from+" 升至 "+to)
	}
	return s.in("The share over "+length+" fell from "+from+" to "+to+" within "+over+".", length+"满意率在 "+over+"内由 "+from+" 降至 "+to)
}
