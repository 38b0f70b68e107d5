package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// csvRows reads CSV as RFC 4180 has it. A quote inside a field that does not begin with one is taken as it stands, as Excel does
// it; blanks around a value are no part of it; empty lines are skipped. A quote that is never closed spoils its own line and not
// those after it.
type csvRows struct {
	lines     lines
	delimiter byte
	columns   []string
	header    int // line of the header
}

// delimiters are tried in this order; the one that the header has most often counts.
const delimiters = ",;\t|"

// DelimiterNames are the delimiters that are hard to type.
func DelimiterNames() []string { return []string{"comma", "semicolon", "tab", "pipe"} }

// delimiterNamed returns the delimiter that is given by name or as itself; 0 for none.
func delimiterNamed(name string) (byte, error) {
	for i, n := range DelimiterNames() {
		if n == name {
			return delimiters[i], nil
		}
	}
	switch {
	case name == "":
		return 0, nil
	case name == `\t`:
		return '\t', nil
	case len(name) != 1 || name[0] >= utf8.RuneSelf || strings.ContainsAny(name, "\"\r\n \x00"):
		return 0, fmt.Errorf("delimiter: %q: want one character of ASCII, or %s", name, strings.Join(DelimiterNames(), ", "))
	}
	return name[0], nil
}

// newCSV reads the header.
func newCSV(l lines, cfg Config) (*csvRows, error) {
	c := &csvRows{lines: l}
	c.delimiter, _ = delimiterNamed(cfg.Delimiter) // validated
	for range cfg.SkipLines {
		if _, err := c.lines.next(); err != nil {
			return nil, emptyFile(err, fmt.Sprintf(" after the %d lines that are skipped", cfg.SkipLines))
		}
	}
	var rows [][]cell
	for len(rows) < max(1, cfg.HeaderRows) {
		cells, err := c.headerRow(len(rows) == 0)
		if err != nil {
			return nil, err
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	c.columns = names(rows)
	return c, nil
}

func emptyFile(err error, where string) error {
	if errors.Is(err, io.EOF) {
		return usage("the file is empty%s: want a header that names the columns, then a row for each rating", where)
	}
	return err
}

// headerRow reads a row of the header; nil for a line that is none.
func (c *csvRows) headerRow(first bool) ([]cell, error) {
	ln, err := c.lines.next()
	if err != nil {
		return nil, emptyFile(err, "")
	}
	if d, ok := bytes.CutPrefix(ln.text, []byte("sep=")); ok && first && len(d) == 1 {
		if c.delimiter == 0 {
			c.delimiter = d[0]
		}
		return nil, nil
	}
	if len(bytes.TrimSpace(ln.text)) == 0 {
		return nil, nil
	}
	if c.delimiter == 0 {
		c.delimiter = delimiterOf(ln.text)
	}
	if first {
		c.header = ln.number
	}
	r, err := c.record(ln)
	if err == nil && r.wrong != nil {
		return nil, usage("line %d is no header of CSV: want the names of the columns; --skip-lines passes over lines before it, --format forces another format", ln.number)
	}
	return r.cells, err
}

// names returns the columns' names: those of the first row. Where cells to the right of one are empty there, as above the parts of
// one question, each is named by its first row and those below.
func names(rows [][]cell) []string {
	width := 0
	for _, r := range rows {
		width = max(width, len(r))
	}
	at := func(row, i int) string {
		if i >= 0 && i < len(rows[row]) {
			return squeeze(rows[row][i].text)
		}
		return ""
	}
	out, group := make([]string, width), ""
	for i := range out {
		alone := at(0, i) != "" && (i+1 == width || at(0, i+1) != "")
		if at(0, i) != "" {
			group = at(0, i)
		}
		if alone || len(rows) == 1 {
			out[i] = at(0, i)
			continue
		}
		out[i] = group
		for row := 1; row < len(rows); row++ {
			if part := at(row, i); part != "" {
				out[i] += " / " + part
			}
		}
	}
	return out
}

func delimiterOf(header []byte) byte {
	best, most := byte(','), 0
	for _, d := range []byte(delimiters) {
		n, quoted := 0, false
		for _, b := range header {
			if b == '"' {
				quoted = !quoted
			}
			if b == d && !quoted {
				n++
			}
		}
		if n > most {
			best, most = d, n
		}
	}
	return best
}

func (c *csvRows) next() (row, error) {
	for {
		first, err := c.lines.next()
		if err != nil {
			return row{}, err
		}
		if len(bytes.TrimSpace(first.text)) > 0 {
			r, err := c.record(first)
			if err == nil && r.wrong == nil {
				r.cells, r.wrong = fit(r.cells, c.columns, strconv.Quote(string(c.delimiter)))
			}
			return r, err
		}
	}
}

// record reads the record that begins with the line; a quote that is open at its end takes in the next lines.
func (c *csvRows) record(first line) (row, error) {
	r := row{line: first.number, raw: first.text, columns: c.columns}
	if first.long {
		r.wrong = tooLong("a longer line")
		return r, nil
	}
	s := splitter{delimiter: c.delimiter, cells: make([]cell, 0, len(c.columns))}
	state, more := s.feed(first.text), []line(nil)
	for state == open {
		ln, err := c.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return row{}, err
		}
		more = append(more, ln)
		if ln.long || len(r.raw)+len(ln.text) >= maxRow {
			break
		}
		r.raw = append(append(r.raw, '\n'), ln.text...)
		state = s.feed(ln.text)
	}
	if state == complete {
		r.cells = s.cells
		return r, nil
	}
	c.lines.takeBack(more)
	r.raw = first.text
	r.wrong = reject(badCSV, "", "a quote that is not closed, or text after the closing one", `values with quotes as "a ""quoted"" word"`)
	return r, nil
}

// fit makes as many cells as there are columns. Spreadsheets leave empty cells out, or add some.
func fit(cells []cell, columns []string, delimiter string) ([]cell, *rejection) {
	for len(cells) > len(columns) && cells[len(cells)-1].kind == missing {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > len(columns) {
		return nil, reject(badCSV, "", fmt.Sprintf("%d values", len(cells)), fmt.Sprintf("%d, one for each column of the header; values with %s in them need quotes", len(columns), delimiter))
	}
	for len(cells) < len(columns) {
		cells = append(cells, cell{})
	}
	return cells, nil
}
