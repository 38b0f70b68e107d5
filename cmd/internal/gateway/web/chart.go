package web

import (
	"fmt"
	"math"
	"strings"
)

// chart shows values over time, with how many ratings each is made of, and has a table behind it.
type chart struct {
	ID, Title string
	Columns   []string // of the table
	Points    []point
	Drawings  []drawing // the same, for wide and for narrow screens
}

// point is the value of a day or a window. Without ratings it has none.
type point struct {
	When             string
	N                int64
	Value, Low, High float64
	Text             string // of value, interval and number
}

// frame is how the points of a chart are drawn.
type frame struct {
	Low, High, Step float64 // of the axis
	Unit            func(float64) string
	Line            float64 // what values are held against
	LineText        string
	Joined          bool   // whether points are joined, and have a band
	Bars            string // what the bars beneath are, with %s for the greatest
	Since           int    // index of the first point of the time that counts now; 0 for none
	SinceText       string
}

// drawing is a chart of one size, in pixels.
type drawing struct {
	Class                    string
	Width, Height            float64
	Left, Right, Top, Bottom float64 // of the plot
	Base                     float64 // of the bars
	Ticks                    []label
	Dates                    []label
	Line, Bars, Since        label
	Bands, Lines             []string
	Dots                     []dot
	Columns                  []column
	LineBelow, HasSince      bool
}

type label struct {
	X, Y   float64
	Text   string
	Anchor string
}

type dot struct {
	X, Y  float64
	Title string
	Low   bool // below the line
}

type column struct{ X, Y, Width, Height float64 }

// draw adds the drawings of the points.
func (c *chart) draw(f frame) {
	for _, d := range []drawing{{Class: "wide-chart", Width: 860, Height: 300}, {Class: "narrow-chart", Width: 328, Height: 240}} {
		d.Left, d.Right, d.Top, d.Bottom, d.Base = 52, d.Width-12, 24, d.Height-78, d.Height-26
		d.draw(c.Points, f)
		c.Drawings = append(c.Drawings, d)
	}
}

func (d *drawing) draw(points []point, f frame) {
	for v := f.Low; v <= f.High+f.Step/1000; v += f.Step {
		d.Ticks = append(d.Ticks, label{X: d.Left - 8, Y: d.y(f, v), Text: f.Unit(v)})
	}
	d.Line = label{X: d.Right, Y: d.y(f, f.Line), Text: f.LineText}
	d.LineBelow = d.Line.Y < d.Top+14
	var most int64
	for i := range points {
		most = max(most, points[i].N)
	}
	d.Bars = label{X: d.Left, Y: d.Bottom + 16, Text: f.Bars}
	step := (d.Right - d.Left) / float64(max(1, len(points)))
	x := func(i int) float64 { return tenth(d.Left + step*(float64(i)+0.5)) }
	for i, p := range points {
		if p.N == 0 {
			continue
		}
		height := math.Max(1, 28*float64(p.N)/float64(most))
		width := math.Max(1, math.Min(10, step*0.6))
		d.Columns = append(d.Columns, column{tenth(x(i) - width/2), tenth(d.Base - height), tenth(width), tenth(height)})
		if p.Value >= f.Low {
			d.Dots = append(d.Dots, dot{x(i), d.y(f, p.Value), p.When + ": " + p.Text, p.Value < f.Line})
		}
	}
	if f.Joined {
		d.join(points, f, x)
	}
	if f.Since > 0 {
		d.HasSince, d.Since = true, label{X: tenth(x(f.Since) - step/2), Y: d.Top - 8, Text: f.SinceText}
	}
	d.dates(points, x)
}

// ClipTop is where what may lie beyond the axis is cut off.
func (d drawing) ClipTop() float64 { return d.Top - 2 }

// ClipHeight is how much is seen of what may lie beyond the axis.
func (d drawing) ClipHeight() float64 { return d.Bottom - d.Top + 4 }

// tenth rounds to what a screen can show.
func tenth(pixels float64) float64 { return math.Round(pixels*10) / 10 }

// y is where a value is drawn.
func (d *drawing) y(f frame, v float64) float64 {
	return tenth(d.Bottom - (d.Bottom-d.Top)*(v-f.Low)/(f.High-f.Low))
}

// join draws lines and bands through the points that follow each other.
func (d *drawing) join(points []point, f frame, x func(int) float64) {
	for from := 0; from < len(points); from++ {
		to := from
		for to < len(points) && points[to].N > 0 {
			to++
		}
		if to-from > 1 {
			var line, upper, lower []string
			for i := from; i < to; i++ {
				line = append(line, at(x(i), d.y(f, points[i].Value)))
				upper = append(upper, at(x(i), d.y(f, points[i].High)))
				lower = append([]string{at(x(i), d.y(f, points[i].Low))}, lower...)
			}
			d.Lines = append(d.Lines, strings.Join(line, " "))
			d.Bands = append(d.Bands, strings.Join(append(upper, lower...), " "))
		}
		from = to
	}
}

func at(x, y float64) string { return fmt.Sprintf("%.1f,%.1f", x, y) }

// dates labels the first and the last point, and one between where there is room.
func (d *drawing) dates(points []point, x func(int) float64) {
	last := len(points) - 1
	if last < 0 {
		return
	}
	y := d.Height - 6
	d.Dates = append(d.Dates, label{d.Left, y, points[0].When, "start"})
	if last > 1 && d.Width > 600 {
		d.Dates = append(d.Dates, label{x(last / 2), y, points[last/2].When, "middle"})
	}
	if last > 0 {
		d.Dates = append(d.Dates, label{d.Right, y, points[last].When, "end"})
	}
}

// shareFrame is an axis of shares that holds the target and the intervals, in steps that give at most seven lines. Those of
// points with less than a tenth of the most ratings may lie beyond it: they would take all room.
func shareFrame(points []point, target float64) frame {
	low := target
	var most int64
	for i := range points {
		most = max(most, points[i].N)
	}
	for i := range points {
		if points[i].N > 0 && 10*points[i].N >= most {
			low = math.Min(low, points[i].Low)
		}
	}
	step := 0.2
	for _, s := range []float64{0.02, 0.05, 0.1} {
		if (1-low)/s <= 5 {
			step = s
			break
		}
	}
	return frame{Low: math.Max(0, 1-step*math.Ceil((1-low)/step-1e-9)), High: 1, Step: step, Line: target, Joined: true}
}
