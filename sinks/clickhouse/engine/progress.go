package engine

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"satisflow/sinks/clickhouse/engine/termline"
)

// reportInterval is how often the progress bar moves.
const reportInterval = 200 * time.Millisecond

// report tells a person that, why and how far the engine is being fetched.
type report struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil unless w is a terminal
	start time.Time
	said  time.Time // when the progress was told last, where there is no bar
	stop  chan struct{}
	ended chan struct{}
}

func startReport(w io.Writer, dir string) *report {
	if w == nil {
		w = io.Discard
	}
	r := &report{w: w, start: time.Now(), said: time.Now(), stop: make(chan struct{}), ended: make(chan struct{})}
	fmt.Fprintf(w, "fetching the ClickHouse engine %s %s by npm, %d MB, once (development and tests run it embedded)\n",
		libraryPackage, LibraryVersion, (tarballBytes+500_000)/1_000_000)
	if file, ok := w.(*os.File); ok && isTerminal(w) {
		line := termline.New(file)
		r.bar = progressbar.NewOptions64(tarballBytes, progressbar.OptionSetWriter(line), progressbar.OptionShowBytes(true), progressbar.OptionShowTotalBytes(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(line.BarWidth()), progressbar.OptionSetPredictTime(false))
	}
	go r.follow(dir)
	return r
}

// follow moves the bar by what npm has written. The tarball is there twice in the end, and then unpacked: no progress.
func (r *report) follow(dir string) {
	defer close(r.ended)
	ticks := time.NewTicker(reportInterval)
	defer ticks.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticks.C:
			r.move(min(downloaded(dir), tarballBytes))
		}
	}
}

// sayInterval is how often the progress is told where there is no terminal for a bar.
const sayInterval = 10 * time.Second

func (r *report) move(bytes int64) {
	switch {
	case r.bar != nil:
		_ = r.bar.Set64(bytes)
	case time.Since(r.said) >= sayInterval:
		r.said = time.Now()
		fmt.Fprintf(r.w, "fetched %d of %d MB\n", bytes/1_000_000, (tarballBytes+500_000)/1_000_000)
	}
}

func (r *report) end(err error) {
	close(r.stop)
	<-r.ended
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	if err == nil {
		fmt.Fprintf(r.w, "fetched the ClickHouse engine in %s\n", time.Since(r.start).Round(100*time.Millisecond))
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
