package load

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"satisflow/sinks/clickhouse/engine/termline"
)

// Bar shows a Progress on a terminal: records, their rate, the time that remains.
type Bar struct {
	bar   *progressbar.ProgressBar
	start time.Time
	total time.Duration // the bar shows time where the count is open
}

// NewBar returns a bar for the configuration; nil unless w is a terminal.
func NewBar(w io.Writer, cfg Config) *Bar {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	b := &Bar{start: time.Now()}
	most := cfg.Count
	if byTime := int64(cfg.For.Seconds() * cfg.Rate); most == 0 || byTime > 0 && byTime < most {
		b.total, most = cfg.For, cfg.For.Milliseconds()
	}
	line := termline.New(file)
	b.bar = progressbar.NewOptions64(most, progressbar.OptionSetWriter(line), progressbar.OptionSetWidth(line.BarWidth()), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true))
	return b
}

// At moves the bar.
func (b *Bar) At(sent int64) {
	took := time.Since(b.start)
	b.bar.Describe(fmt.Sprintf("%d records, %.0f/s", sent, float64(sent)/max(took.Seconds(), 0.001)))
	if b.total > 0 {
		sent = min(took, b.total).Milliseconds()
	}
	_ = b.bar.Set64(sent)
}

// Close removes the bar.
func (b *Bar) Close() { _ = b.bar.Clear() }
