package importer

import "slices"

// kind is what a cell holds.
type kind uint8

const (
	missing kind = iota // an empty cell of CSV, or null
	text                // a string, or any cell of CSV
	number              // a JSON number; the cell's text is as written
	boolean             // true or false of JSON
	nested              // an array of JSON; the cell's text is its JSON
)

// cell is one value of a row.
type cell struct {
	kind   kind
	text   string
	quoted bool // a string of JSON, which an answer stays that is one
}

// row is one rating of the file as its columns.
type row struct {
	number  int64    // of the row, counted from 1
	line    int      // at which it begins, counted from 1
	raw     []byte   // as it stands in the file, in UTF-8, without the line's end; the row's own
	columns []string // all rows of a CSV file share them
	cells   []cell   // as many
	wrong   *rejection
	cut     bool // the file ends where more should come
}

// column names a column and where it was found before.
type column struct {
	name  string
	index int
}

// cell returns the row's value of the column; a column that the row lacks is missing.
func (r *row) cell(c column) cell {
	if c.index >= 0 && c.index < len(r.columns) && r.columns[c.index] == c.name {
		return r.cells[c.index]
	}
	if i := slices.Index(r.columns, c.name); i >= 0 {
		return r.cells[i]
	}
	return cell{}
}

// rows reads a file row by row. A row that is wrong by itself says so and is no error; io.EOF ends the file; any other error
// says why the rest cannot be read.
type rows interface {
	next() (row, error)
}
