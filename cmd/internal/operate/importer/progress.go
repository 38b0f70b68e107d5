package importer

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"satisflow/sinks/clickhouse/engine/termline"
)

// Bar shows a Progress on a terminal: bytes of the file, rows and their rate, the time that remains.
type Bar struct {
	bar   *progressbar.ProgressBar
	start time.Time
}

// NewBar returns a bar for an input of the size in bytes, 0 where it is not known; nil unless w is a terminal.
func NewBar(w io.Writer, size int64) *Bar {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	if size == 0 {
		size = -1
	}
	line := termline.New(file)
	return &Bar{start: time.Now(), bar: progressbar.NewOptions64(size, progressbar.OptionSetWriter(line), progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(line.BarWidth()), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(true))}
}

// At moves the bar.
func (b *Bar) At(offset, rows int64) {
	b.bar.Describe(fmt.Sprintf("%d rows, %.0f/s", rows, float64(rows)/max(time.Since(b.start).Seconds(), 0.001)))
	_ = b.bar.Set64(offset)
}

// Close removes the bar.
func (b *Bar) Close() { _ = b.bar.Clear() }
