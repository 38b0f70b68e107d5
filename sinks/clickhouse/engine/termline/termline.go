// Package termline owns keeping a line that is written again and again, such as a progress bar, on one line of a narrow terminal:
// a line that wraps can't be overwritten. What the line says is left to its caller.
package termline

import (
	"io"
	"unicode/utf8"

	"golang.org/x/term"
)

// Terminal is a terminal, as *os.File is one.
type Terminal interface {
	io.Writer
	Fd() uintptr
}

// Writer writes to a terminal and leaves out what of a line does not fit. Characters of double width count as one.
type Writer struct {
	terminal Terminal
	columns  func() int
	at       int // column of the cursor
}

// New returns a Writer for the terminal, whose width may change.
func New(t Terminal) *Writer {
	return &Writer{terminal: t, columns: func() int {
		columns, _, err := term.GetSize(int(t.Fd()))
		if err != nil {
			return 0
		}
		return columns
	}}
}

// Fd returns the terminal's.
func (w *Writer) Fd() uintptr { return w.terminal.Fd() }

// BarWidth returns how wide a bar may be so that what is told beside it fits as well.
func (w *Writer) BarWidth() int {
	const widest, beside = 30, 70
	if columns := w.columns(); columns > 0 {
		return max(0, min(widest, columns-beside))
	}
	return widest
}

// Write writes what fits. It returns the length of p unless the terminal fails.
func (w *Writer) Write(p []byte) (int, error) {
	columns := w.columns()
	kept := make([]byte, 0, len(p))
	for rest := p; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == '\r' || r == '\n':
			w.at = 0
			kept = append(kept, rest[:n]...)
		case columns <= 0 || w.at < columns-1: // the last column would move the cursor on some terminals
			w.at++
			kept = append(kept, rest[:n]...)
		}
		rest = rest[n:]
	}
	if _, err := w.terminal.Write(kept); err != nil {
		return 0, err
	}
	return len(p), nil
}
