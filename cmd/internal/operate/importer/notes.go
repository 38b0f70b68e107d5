package importer

import (
	"fmt"
	"io"
)

// Names of warnings: rows that are sent, and that the person who has the file should know about.
const (
	timeGap     = "time_gap"
	timeOverlap = "time_overlap"
	noteIDZeros = "id_zeros"
	noteCut     = "comment_cut"
	noteScale   = "other_scale"
	noteColumns = "columns_absent"
)

// note is a warning about one row.
type note struct {
	name, field string
	line        int
}

// Warning says of how many rows something is true that may not have been meant.
type Warning struct {
	Name string `json:"name"` // such as time_gap
	Rows int64  `json:"rows,omitempty"`
	Line int    `json:"line,omitempty"` // of the first one
	Text string `json:"text"`           // what it is, and the option that says what was meant
}

// texts of the warnings about rows.
var noteTexts = map[string]string{
	timeGap:     "a time that the clocks of the zone jumped over; it is read as if they had not been set yet. Times with an offset (+08:00) are clear",
	timeOverlap: "a time that the clocks of the zone showed twice; the first one is taken. Times with an offset (+08:00) are clear",
	noteIDZeros: "an id of more than 15 digits that ends in zeros: spreadsheets keep 15 digits. Export it again with the column as text",
	noteCut:     "a comment longer than is kept: it is cut, and the rating counts",
}

// warn counts a warning about a row.
func (s *Summary) warn(n note) {
	for i := range s.Warnings {
		if s.Warnings[i].Name == n.name {
			s.Warnings[i].Rows++
			return
		}
	}
	s.Warnings = append(s.Warnings, Warning{n.name, 1, n.line, noteTexts[n.name]})
}

func (w *Warning) write(out io.Writer) {
	if w.Rows == 0 {
		fmt.Fprintf(out, "warning: %s\n", w.Text)
		return
	}
	fmt.Fprintf(out, "warning: %d rows, the first on line %d, have %s\n", w.Rows, w.Line, w.Text)
}
