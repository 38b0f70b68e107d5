package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"satisflow/pipeline/event"
)

func notJSON(found string) *rejection {
	return reject(event.BadJSON, "", found, "one JSON object")
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
			r.wrong = reject(tooLongRow, "", "a longer line", fmt.Sprintf("at most %d bytes", maxRow))
		}
		return r, nil
	}
}

// jsonRows reads an array of objects, or objects one after the other. What is not JSON ends the reading: where the next
// object begins cannot be known then.
type jsonRows struct {
	dec   *json.Decoder
	count *newlines
	array bool
	ended bool
}

// readAhead is what is read for one object at most, before it is known where it ends.
const readAhead = 2 * maxRow

// newJSON expects that array says whether the text begins with [.
func newJSON(r io.Reader, array bool) (*jsonRows, error) {
	j := &jsonRows{count: &newlines{r: r, room: readAhead}, array: array}
	j.dec = json.NewDecoder(j.count)
	if array {
		if _, err := j.dec.Token(); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (j *jsonRows) next() (row, error) {
	if j.ended {
		return row{}, io.EOF
	}
	j.count.room = readAhead
	if j.array && !j.dec.More() {
		j.ended = true
		return j.last()
	}
	var raw json.RawMessage
	err := j.dec.Decode(&raw)
	r := row{line: j.count.lineAt(j.dec.InputOffset() - int64(len(raw))), raw: bytes.TrimSpace(raw)}
	switch {
	case err == nil && len(raw) > maxRow:
		r.wrong = reject(tooLongRow, "", "a longer object", fmt.Sprintf("at most %d bytes", maxRow))
	case err == io.EOF && !j.array:
		return row{}, io.EOF
	case errors.Is(err, errTooLong):
		j.ended = true
		r.wrong = reject(tooLongRow, "", "a longer object; the rest of the file was not read", fmt.Sprintf("at most %d bytes", maxRow))
	case err != nil:
		if !isSyntax(err) {
			return row{}, err
		}
		j.ended = true
		r.wrong = notJSON(err.Error() + "; the rest of the file was not read")
	}
	return r, nil
}

// last reads the end of the array.
func (j *jsonRows) last() (row, error) {
	_, err := j.dec.Token()
	if err == nil {
		return row{}, io.EOF
	}
	if !isSyntax(err) && err != io.EOF {
		return row{}, err
	}
	return row{line: j.count.lineAt(j.dec.InputOffset()), wrong: notJSON("the array does not end: is the file whole?")}, nil
}

func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF)
}

var errTooLong = errors.New("an object of the file is too long")

// newlines knows which line a byte is on that was read not long ago, and bounds what is read for one object.
type newlines struct {
	r    io.Reader
	room int // bytes that may still be read for this object
	read int64
	at   []int64 // offsets of newlines not yet passed by lineAt
	line int     // of newlines passed
}

func (n *newlines) Read(p []byte) (int, error) {
	if n.room <= 0 {
		return 0, errTooLong
	}
	count, err := n.r.Read(p[:min(len(p), n.room)])
	for i, b := range p[:count] {
		if b == '\n' {
			n.at = append(n.at, n.read+int64(i))
		}
	}
	n.read += int64(count)
	n.room -= count
	return count, err
}

// lineAt returns the line of an offset, counted from 1; offsets never fall from call to call.
func (n *newlines) lineAt(offset int64) int {
	i := 0
	for i < len(n.at) && n.at[i] < offset {
		i++
	}
	n.line += i
	n.at = n.at[i:]
	return n.line + 1
}
