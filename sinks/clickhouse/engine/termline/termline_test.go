package termline

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
)

// screen is a terminal that keeps what is written.
type screen struct{ bytes.Buffer }

func (*screen) Fd() uintptr { return 0 }

func TestABarStaysOnOneLineOfANarrowTerminal(t *testing.T) {
	for _, columns := range []int{1, 10, 20, 40, 49, 80, 200} {
		s := &screen{}
		w := New(s)
		w.columns = func() int { return columns }
		bar := progressbar.NewOptions64(300_000_000, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(w.BarWidth()),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(time.Nanosecond))
		for i := range 20 {
			bar.Describe(fmt.Sprintf("%d rows, %d/s", i*1_000_000, i*12_345))
			_ = bar.Set64(int64(i) * 15_000_000)
		}
		_ = bar.Clear()
		longest := 0
		for _, line := range strings.FieldsFunc(s.String(), func(r rune) bool { return r == '\r' || r == '\n' }) {
			longest = max(longest, utf8.RuneCountInString(line))
		}
		if longest >= columns && columns > 1 || columns >= 20 && longest < 19 || strings.Contains(s.String(), "\n") {
			t.Errorf("%d columns: a line of %d", columns, longest)
		}
	}
}

func TestWhatFitsIsWrittenAsItIs(t *testing.T) {
	s := &screen{}
	w := New(s)
	w.columns = func() int { return 8 }
	for _, text := range []string{"1234", "5678", "\r满意度满意度满意度\nnext", "\n"} {
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Error(n, err)
		}
	}
	if want := "1234567\r满意度满意度满\nnext\n"; s.String() != want {
		t.Errorf("%q, want %q", s.String(), want)
	}
	w.columns = func() int { return 0 } // the width is not known
	if _, _ = w.Write([]byte("\n0123456789")); !strings.HasSuffix(s.String(), "0123456789") {
		t.Errorf("%q", s.String())
	}
}
