package window

import (
	"math"
	"time"
)

// Pane is the number of a pane: its start is Pane × pane length after the Unix epoch, UTC.
type Pane = int32

// Grid translates between times, panes and window ends. A window end is the number of the pane that starts there.
type Grid struct {
	PaneMS  int64
	Offset  Pane // timezone offset in panes
	Windows []GridWindow
	Longest Pane // length of the longest window
}

// GridWindow is a Spec in panes.
type GridWindow struct {
	Name          string
	Length, Slide Pane
}

// Grid returns the definition's grid. The definition must be valid.
func (d *Definition) Grid() Grid {
	g := Grid{PaneMS: d.Pane.Milliseconds(), Offset: Pane(d.TimezoneOffset / d.Pane)}
	for _, s := range d.Windows {
		w := GridWindow{Name: s.Name, Length: Pane(s.Length / d.Pane), Slide: Pane(s.Slide / d.Pane)}
		g.Windows = append(g.Windows, w)
		g.Longest = max(g.Longest, w.Length)
	}
	return g
}

// PaneOf returns the pane that holds the time, in Unix milliseconds. A time on a boundary belongs to the pane it starts.
// Times beyond all panes give the first or last one.
func (g *Grid) PaneOf(ms int64) Pane {
	return Pane(min(max(floorDiv(ms, g.PaneMS), math.MinInt32), math.MaxInt32))
}

// Start returns the start of the pane, which is also the time of the window end with that number.
func (g *Grid) Start(p Pane) time.Time { return time.UnixMilli(int64(p) * g.PaneMS).UTC() }

// FirstEnd returns the first end of window w that lies after pane p, so that [end-Length, end) holds p (given that
// the length is at least the slide).
func (g *Grid) FirstEnd(w GridWindow, p Pane) Pane {
	return (Pane(floorDiv(int64(p+g.Offset), int64(w.Slide)))+1)*w.Slide - g.Offset
}

// LastEnd returns the last end of window w that is at most e.
func (g *Grid) LastEnd(w GridWindow, e Pane) Pane {
	return Pane(floorDiv(int64(e+g.Offset), int64(w.Slide)))*w.Slide - g.Offset
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
