package importer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Rejected is one row of the report.
type Rejected struct {
	Line     int       `json:"line"`       // at which the row begins
	Number   int64     `json:"row_number"` // counted from 1, without the header
	Reason   string    `json:"reason"`
	Problems []problem `json:"problems"`
	Row      string    `json:"row"` // as it stands in the file
}

// report writes the rejected rows to a file, one JSON object a line. The file is made when there is one, for its owner alone, as
// rows may be personal.
type report struct {
	path   string
	file   *os.File
	buffer *bufio.Writer
}

func (r *report) write(rejected []Rejected) error {
	if len(rejected) == 0 || r.path == "" {
		return nil
	}
	if r.file == nil {
		file, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("write the report of rejected rows (--report names another file): %w", err)
		}
		r.file, r.buffer = file, bufio.NewWriter(file)
	}
	enc := json.NewEncoder(r.buffer)
	enc.SetEscapeHTML(false)
	for i := range rejected {
		if err := enc.Encode(&rejected[i]); err != nil {
			return fmt.Errorf("write the report %s: %w", r.path, err)
		}
	}
	return nil
}

// close returns the path if anything was written.
func (r *report) close() (path string, err error) {
	if r.file == nil {
		return "", nil
	}
	err = r.buffer.Flush()
	if e := r.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return r.path, fmt.Errorf("write the report %s: %w", r.path, err)
	}
	return r.path, nil
}
