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
		if spec.Name != st.Window.Name {
			continue
		}
		st.Now = f
		if st.Before, err = w.sumOf(ctx, e, clickhouse.Span{From: span.From.Add(-spec.Length), To: span.From}, only); err != nil {
			return st, err
		}
	}
	st.Change = changeOf(&st.Now, &st.Before)
	closed, err := w.Reader.History(ctx, e, st.Window.Name, only, clickhouse.Span{From: s.now.Add(-trendWindows * st.Window.Slide), To: s.now.Add(time.Second)})
	if err == nil {
		st.Trend = w.trend(closed, st.Window, s)
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

// trend is the chart of closed windows that are complete; nil of less than two.
func (w *Web) trend(closed []clickhouse.Closed, spec window.Spec, s say) *chart {
	c := &chart{ID: "trend", Columns: []string{s.in("Window ended", "窗口结束于"), s.in("Satisfied", "满意率")}}
	var figures []figure
	for i := range closed {
		if !closed[i].Complete {
			continue
		}
		f := w.figure(&closed[i].Sums)
		when := s.Date(closed[i].To)
		if spec.Slide%day != 0 {
			when = s.local(closed[i].To).Format("01-02 15:04")
		}
		c.Points = append(c.Points, point{When: when, N: f.N, Value: f.Share, Low: f.Low, High: f.High, Text: s.Text(f)})
		figures = append(figures, f)
	}
	if len(figures) < 2 {
		return nil
	}
	c.Title = trendTitle(figures, spec, s)
	f := shareFrame(c.Points, w.Target)
	f.Unit, f.LineText = s.Target, s.in("target ", "目标 ")+s.Target(w.Target)
	f.Bars = s.in("ratings in the window", "窗口内评分数")
	c.draw(f)
	return c
}

// trendTitle says in a sentence what the chart shows, and no more: of windows that overlap, chance is hard to tell. It
// begins with the first window that has a tenth of the ratings of the last one, as a handful says nothing.
func trendTitle(figures []figure, spec window.Spec, s say) string {
	last := len(figures) - 1
	first := slices.IndexFunc(figures, func(f figure) bool { return 10*f.N >= figures[last].N })
	length, over := s.Days(spec.Length), s.Days(time.Duration(last-first)*spec.Slide)
	from, to := s.Percent(figures[first].Share), s.Percent(figures[last].Share)
	switch {
	case figures[last].N == 0:
		return s.in("The last "+length+" have no ratings.", "最近 "+length+"没有评分")
	case from == to:
		return s.in("The share over "+length+" is where it was "+over+" before: "+to+".", length+"满意率与 "+over+"前持平："+to)
	case figures[last].Share > figures[first].Share:
		return s.in("The share over "+length+" rose from "+from+" to "+to+" within "+over+".", length+"满意率在 "+over+"内由 "+from+" 升至 "+to)
	}
	return s.in("The share over "+length+" fell from "+from+" to "+to+" within "+over+".", length+"满意率在 "+over+"内由 "+from+" 降至 "+to)
}
