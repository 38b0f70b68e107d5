package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

func notJSON(found string) *rejection {
	return reject(event.BadJSON, "", found, "one JSON object")
}

func tooLong(what string) *rejection {
	return reject(tooLongRow, "", what, fmt.Sprintf("at most %d bytes", maxRow))
}

// object fills the row from its raw text, unless that is wrong already.
func (r *row) object() {
	if r.wrong == nil {
		r.columns, r.cells, r.wrong = flatten(r.raw)
	}
}

// ndjsonRows reads one JSON object a line; a line that is none spoils no other. Empty lines are skipped.
type ndjsonRows struct {
	lines lines
}

func (n *ndjsonRows) next() (row, error) {
	for {
		ln, err := n.lines.next()
		if err != nil {
			return row{}, err
		}
		if len(bytes.TrimSpace(ln.text)) == 0 {
			continue
		}
		r := row{line: ln.number, raw: ln.text}
		if ln.long {
			r.wrong = tooLong("a longer line")
		}
		return r, nil
	}
}

// jsonRows reads the objects of a JSON text: of arrays, or one after the other, in any number and mixture, and of the arrays
// at path within other objects. Every byte belongs to an object, to what holds it, or to a row that is wrong: an object that
// breaks the grammar ends where the next one begins, and text between objects is a row of its own.
type jsonRows struct {
	scanner jsonScanner
	path    []string // members that lead from an object to the array of rows; empty where the objects are the rows
	open    []byte   // what is open around the next row: [ for arrays, { for objects with the rows inside
	ended   bool
}

// newJSON expects the path to the rows in dotted form, or nothing.
func newJSON(r *bufio.Reader, path string) *jsonRows {
	j := &jsonRows{scanner: jsonScanner{r: r, line: 1}}
	if path != "" {
		j.path = strings.Split(path, ".")
	}
	return j
}

func (j *jsonRows) next() (row, error) {
	s := &j.scanner
	for !j.ended {
		s.begin()
		c, err := s.blank()
		if errors.Is(err, io.EOF) {
			j.ended = true
			return j.last()
		}
		if err != nil {
			return row{}, err
		}
		r := row{line: s.line}
		whole, err := j.element(c, &r)
		if errors.Is(err, errBroken) {
			r.wrong = notJSON(s.fault)
			err = s.resync(j.inside('['))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return row{}, err
		}
		if whole || r.wrong != nil {
			return s.finish(r), nil
		}
	}
	return row{}, io.EOF
}

// element reads what begins with the byte: a whole object, which it says, text that is wrong as a row, or a bracket.
func (j *jsonRows) element(c byte, r *row) (whole bool, err error) {
	s := &j.scanner
	switch {
	case c == ',':
		return false, s.take()
	case c == '{':
		return j.object(r)
	case c == ']' && j.inside('['):
		_ = s.take()
		j.open = j.open[:len(j.open)-1]
		return false, j.leave()
	case c == '[' && !j.inside('['):
		j.open = append(j.open, '[')
		return false, s.take()
	case j.inside('['):
		r.wrong = notJSON("a value that is no object")
		return false, s.value(0)
	}
	r.wrong = notJSON("text that belongs to no object")
	_ = s.take()
	return false, s.skip(func(c byte) bool { return strings.IndexByte("{[\n", c) >= 0 })
}

func (j *jsonRows) inside(c byte) bool { return len(j.open) > 0 && j.open[len(j.open)-1] == c }

// object reads the object that comes next, or enters the array of rows inside of it.
func (j *jsonRows) object(r *row) (whole bool, err error) {
	path := j.path
	if slices.Contains(j.open, '{') {
		path = nil // it is a row of the array at the path
	}
	depth, err := j.scanner.object(0, path)
	switch {
	case errors.Is(err, errEntered):
		j.open = append(append(j.open, bytes.Repeat([]byte{'{'}, depth)...), '[')
		return false, nil
	case errors.Is(err, io.EOF):
		r.wrong, r.cut = notJSON("the object does not end: is the file whole?"), true
	}
	return err == nil, err
}

// leave reads on in the objects around the array of rows that ended.
func (j *jsonRows) leave() error {
	for j.inside('{') {
		if _, err := j.scanner.members(0, nil, false); err != nil {
			if errors.Is(err, errBroken) {
				j.open = nil
			}
			return err
		}
		j.open = j.open[:len(j.open)-1]
	}
	return nil
}

// last judges how the text ended.
func (j *jsonRows) last() (row, error) {
	if len(j.open) == 0 {
		return row{}, io.EOF
	}
	what := "array"
	if j.inside('{') {
		what = "object"
	}
	return row{line: j.scanner.line, wrong: notJSON("the " + what + " does not end: is the file whole?"), cut: true}, nil
}
