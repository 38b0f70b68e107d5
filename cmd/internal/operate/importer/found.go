package importer

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Found says how the file was read, and which of it was a guess.
type Found struct {
	Format    string            `json:"format"`
	Encoding  string            `json:"encoding"`
	Delimiter string            `json:"delimiter,omitempty"`   // of CSV
	Sheet     string            `json:"sheet,omitempty"`       // of a workbook
	Header    int               `json:"header_line,omitempty"` // of CSV or of a sheet
	Rows      string            `json:"rows,omitempty"`        // path of the array of rows in JSON
	Columns   map[string]string `json:"columns,omitempty"`     // by field: where it comes from
	Times     map[string]int64  `json:"times,omitempty"`       // how many were read by which layout
	TimeZone  string            `json:"time_zone,omitempty"`   // of times without one
	Scale     string            `json:"scale,omitempty"`       // of scores, where it is not 1..5
}

// foundOf says how the file's text was read.
func foundOf(f *file, all rows, t *textReader) Found {
	out := Found{Format: f.format, Encoding: t.name, Rows: f.cfg.Rows, TimeZone: f.cfg.TimeZone, Scale: f.cfg.Scale}
	switch all := all.(type) {
	case *csvRows:
		out.Delimiter, out.Header = string(all.delimiter), all.header
	case *xlsxRows:
		out.Sheet, out.Header = all.sheet, all.header
	}
	return out
}

// learnt is what the rows so far say of the file.
type learnt struct {
	found          Found
	unused, absent []string // columns
	scores         scores
}

// learnt returns what the rows so far say; later rows don't change it.
func (f *file) learnt() learnt {
	p := f.judge.planner
	out := learnt{found: f.found, unused: p.unused(), absent: p.absent(), scores: f.judge.scores}
	out.found.mapped(p, p.seen.names)
	out.found.Times = maps.Clone(f.judge.times.uses)
	return out
}

// mapped says where the fields come from.
func (f *Found) mapped(p *planner, columns []string) {
	plan, err := p.plan(columns, false)
	if err != nil {
		return
	}
	f.Columns = map[string]string{}
	for i := range plan.mappings {
		m := &plan.mappings[i]
		var from []string
		for k := range m.sources {
			from = append(from, m.sources[k].String())
		}
		f.Columns[m.name] = strings.Join(from, " or ")
	}
}

// write writes it for a person.
func (f *Found) write(w io.Writer) {
	fmt.Fprintf(w, "read as   %s, %s", f.Format, f.Encoding)
	if f.Delimiter != "" {
		fmt.Fprintf(w, ", delimiter %q, header on line %d", f.Delimiter, f.Header)
	}
	if f.Sheet != "" {
		fmt.Fprintf(w, ", sheet %q, header in row %d", f.Sheet, f.Header)
	}
	if f.Rows != "" {
		fmt.Fprintf(w, ", rows of %s", f.Rows)
	}
	fmt.Fprintln(w)
	for _, field := range slices.Sorted(maps.Keys(f.Columns)) {
		fmt.Fprintf(w, "  %-18s from %s\n", field, f.Columns[field])
	}
	for _, layout := range slices.Sorted(maps.Keys(f.Times)) {
		fmt.Fprintf(w, "times     %d as %s", f.Times[layout], layout)
		if f.TimeZone != "" {
			fmt.Fprintf(w, " (%s, where none is written)", f.TimeZone)
		}
		fmt.Fprintln(w)
	}
	scale := f.Scale
	if scale == "" {
		scale = "1..5"
	}
	fmt.Fprintf(w, "scores    of %s\n", scale)
}
