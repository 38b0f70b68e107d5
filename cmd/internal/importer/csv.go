package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// csvRows reads CSV as RFC 4180 has it, with any of four delimiters. A quote inside a field that does not begin with one is
// taken as it stands, as Excel does it; blanks around a value are no part of it; empty lines are skipped. A quote that is never
// closed spoils its own line and not those after it.
type csvRows struct {
	lines     lines
	delimiter byte
	columns   []string
}

// delimiters are tried in this order; the one that the header has most often counts.
const delimiters = ",;\t|"

// newCSV reads the header.
func newCSV(l lines) (*csvRows, error) {
	c := &csvRows{lines: l}
	for {
		ln, err := c.lines.next()
		if errors.Is(err, io.EOF) {
			return nil, usage("the file is empty: want a header that names the columns, then a row for each rating")
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(ln.text)) == 0 {
			continue
		}
		c.delimiter = delimiterOf(ln.text)
		header := splitter{delimiter: c.delimiter}
		if ln.long || header.feed(ln.text) != complete {
			return nil, usage("line %d is no header of CSV: want the names of the columns; --format forces another format", ln.number)
		}
		for _, n := range header.cells {
			c.columns = append(c.columns, n.text)
		}
		return c, nil
	}
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
			return c.record(first)
		}
	}
}

// record reads the record that begins with the line; a quote that is open at its end takes in the next lines.
func (c *csvRows) record(first line) (row, error) {
	r := row{line: first.number, raw: first.text, columns: c.columns}
	if first.long {
		r.wrong = reject(tooLongRow, "", "a longer line", fmt.Sprintf("at most %d bytes", maxRow))
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
		r.cells, r.wrong = c.fit(s.cells)
		return r, nil
	}
	c.lines.takeBack(more)
	r.raw = first.text
	r.wrong = reject(badCSV, "", "a quote that is not closed, or text after the closing one", `values with quotes as "a ""quoted"" word"`)
	return r, nil
}

// fit makes as many cells as there are columns. Spreadsheets leave empty cells out, or add some.
func (c *csvRows) fit(cells []cell) ([]cell, *rejection) {
	for len(cells) > len(c.columns) && cells[len(cells)-1].kind == missing {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > len(c.columns) {
		return nil, reject(badCSV, "", fmt.Sprintf("%d values", len(cells)), fmt.Sprintf("%d, one for each column of the header; values with %q in them need quotes", len(c.columns), string(c.delimiter)))
	}
	for len(cells) < len(c.columns) {
		cells = append(cells, cell{})
	}
	return cells, nil
}
