package importer

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// xlsxRows reads a sheet of a workbook: rows of the header, then one row for each rating. Empty rows are skipped. Numbers are read to the
// 15 digits that spreadsheets show; times that are numbers are days of the spreadsheet.
type xlsxRows struct {
	book    *excelize.File
	rows    *excelize.Rows
	sheet   string
	columns []string
	header  int // row of the header
	line    int // row of the sheet, counted from 1
}

// mostXLSX bounds a workbook, in bytes as stored and as unpacked: it is held in memory.
const (
	mostXLSX     = 128 << 20
	mostUnpacked = 1 << 30
)

// newXLSX opens the workbook and reads the header. Close ends it.
func newXLSX(in *Input, cfg Config) (*xlsxRows, error) {
	limited := &io.LimitedReader{R: in.plain, N: mostXLSX + 1}
	book, err := excelize.OpenReader(limited, excelize.Options{RawCellValue: true, UnzipSizeLimit: mostUnpacked})
	switch {
	case limited.N == 0:
		return nil, usage("it is a workbook of more than %d bytes: save the sheet as CSV UTF-8", mostXLSX)
	case err != nil:
		return nil, usage("it is no workbook of Excel (.xlsx) that can be read: %w; unpack a zip file", err)
	}
	in.closes = append(in.closes, func() { _ = book.Close() })
	x := &xlsxRows{book: book, sheet: cfg.Sheet}
	sheets := book.GetSheetList()
	if x.sheet == "" && len(sheets) > 0 {
		x.sheet = sheets[0]
	}
	if !slices.Contains(sheets, x.sheet) {
		return nil, usage("sheet: %q%s: want one of %s", x.sheet, suggest(x.sheet, sheets), strings.Join(sheets, ", "))
	}
	if x.rows, err = book.Rows(x.sheet); err != nil {
		return nil, usage("read the sheet %s: %w", x.sheet, err)
	}
	in.closes = slices.Insert(in.closes, 0, func() { _ = x.rows.Close() })
	return x, x.readHeader(cfg)
}

func (x *xlsxRows) readHeader(cfg Config) error {
	var rows [][]cell
	for len(rows) < max(1, cfg.HeaderRows) {
		cells, err := x.record(cfg.SkipLines)
		if err != nil {
			return emptyFile(err, " in the sheet "+x.sheet)
		}
		if len(rows) == 0 {
			x.header = x.line
		}
		rows = append(rows, cells)
	}
	x.columns = names(rows)
	return nil
}

// record returns the cells of the next row that has any, behind those that are skipped.
func (x *xlsxRows) record(skipped int) ([]cell, error) {
	for x.rows.Next() {
		x.line++
		texts, err := x.rows.Columns()
		if err != nil {
			return nil, err
		}
		var cells []cell
		for _, text := range texts {
			cells = append(cells, cellOf(text))
		}
		if x.line > skipped && slices.ContainsFunc(cells, func(c cell) bool { return c.kind != missing }) {
			return cells, nil
		}
	}
	if err := x.rows.Error(); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

func (x *xlsxRows) next() (row, error) {
	cells, err := x.record(0)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			err = fmt.Errorf("sheet %s: %w", x.sheet, err)
		}
		return row{}, err
	}
	r := row{line: x.line, columns: x.columns}
	var texts []string
	for _, c := range cells {
		texts = append(texts, c.text)
	}
	r.raw = []byte(strings.Join(texts, "\t"))
	r.cells, r.wrong = fit(cells, x.columns, "a tab")
	return r, nil
}

// cellOf returns the cell of a text, or of a number as it stands in the workbook.
func cellOf(s string) cell {
	if unrounded.MatchString(s) {
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			const digits = 15
			s = strconv.FormatFloat(n, 'g', digits, 64)
		}
	}
	return textCell(s)
}

// unrounded are numbers that are not written as anybody wrote them: 4.0999999999999996.
var unrounded = regexp.MustCompile(`^-?\d{1,10}\.\d{10,}$`)
