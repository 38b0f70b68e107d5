package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

// file is an input that was looked into: what it holds, and what becomes of its rows.
type file struct {
	input  *Input
	rows   *sample
	format string
	cfg    Config // with what was found out about the file
	span   *Span
	judge  *judge
	found  Found
	number int64 // of the rows that were read

	within string   // path of an array of objects in the first object
	inner  []string // … and their columns

	event    event.Config
	previews int // rows to show as they will be stored
}

// newFile looks into the input. Its errors are about the file as a whole, or about a mapping that does not fit it.
func newFile(in *Input, cfg Config, ec event.Config, ac admit.Config, now time.Time) (*file, error) {
	f := &file{input: in, cfg: cfg.Preset.under(cfg), event: ec}
	var err error
	if f.span, err = spanOf(cfg, ac, now); err != nil {
		return nil, err
	}
	p, err := newPlanner(f.cfg, ec)
	if err != nil {
		return nil, err
	}
	p.keys = f.cfg.keyColumns()
	all, err := f.open(in, p, ec)
	if err != nil {
		return nil, err
	}
	if err := f.check(all); err != nil {
		return nil, err
	}
	if err := f.fits(p, ec); err != nil {
		return nil, err
	}
	if f.judge, err = newJudge(p, f.cfg, f.span, ec, ac); err != nil {
		return nil, err
	}
	return f, f.ofOneToFive()
}

// open finds out how the text is written and reads its beginning.
func (f *file) open(in *Input, p *planner, ec event.Config) (rows, error) {
	text, err := in.text(f.cfg.Encoding)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, usage("read %s: %w", in.Name, err)
	}
	if in.workbook {
		return f.openWorkbook(in)
	}
	if f.cfg.Format == XLSX {
		return nil, usage("read %s: it is no workbook of Excel: want --format %s, or none", in.Name, CSV)
	}
	if f.cfg.Rows == "" && (f.cfg.Format == "" || f.cfg.Format == JSON) {
		f.within, f.inner = wrapped(text.Reader)
		f.cfg.Rows = f.rowsWithin(p)
	}
	all, format, err := rowsOf(text.Reader, f.cfg, in.suffix)
	if err != nil {
		return nil, usage("read %s: %w", in.Name, err)
	}
	f.format = format
	events := newEvents(ec, f.cfg)
	f.rows = newSample(all, text, func(r *row) {
		if r.wrong == nil {
			r.wrong = text.check(r.raw)
		}
		if format != CSV {
			r.object()
			events.judge(r)
		}
	})
	f.found = foundOf(f, all, text)
	return all, nil
}

// openWorkbook reads the beginning of a sheet. Times that are numbers can be nothing but days there.
func (f *file) openWorkbook(in *Input) (rows, error) {
	if f.cfg.Format != "" && f.cfg.Format != XLSX && f.cfg.Format != CSV {
		return nil, usage("read %s: it is a workbook or a zip file, and no %s", in.Name, f.cfg.Format)
	}
	f.format, f.cfg.TimeLayouts = XLSX, append(slices.Clone(f.cfg.TimeLayouts), layoutExcel)
	x, err := newXLSX(in, f.cfg)
	if err != nil {
		return nil, usage("read %s: %w", in.Name, err)
	}
	text := &textReader{name: encodingUTF8}
	f.rows = newSample(x, text, func(*row) {})
	f.found = foundOf(f, x, text)
	return x, nil
}

// rowsWithin returns the path of the rows in the object that the text begins with, if they are ratings and the object is none.
func (f *file) rowsWithin(p *planner) string {
	if f.within == "" || p.check(f.inner, f.span != nil) != nil {
		return ""
	}
	outer, _, _ := strings.Cut(f.within, ".")
	if p.check([]string{outer}, f.span != nil) == nil {
		return ""
	}
	return f.within
}

// fits returns an error if the mapping does not fit the columns, of which a longer file may have more to come.
func (f *file) fits(p *planner, ec event.Config) error {
	known := f.rows.columns
	if len(known) == 0 {
		return nil
	}
	err := p.check(known, f.span != nil)
	var lacks absent
	if err == nil || !errors.As(err, &lacks) {
		return err
	}
	if f.format != CSV && f.format != XLSX && f.rows.err == nil && !f.later(p, ec) {
		return nil // of a stream, which may bring the columns still
	}
	if path, columns := f.within, f.inner; path != "" && f.cfg.Rows == "" {
		return fmt.Errorf("%w; if the rows are those of %s, --rows %s reads them: their columns are %s", err, path, path, strings.Join(columns, ", "))
	}
	return err
}

// later reads the rest of the file for its columns. It says whether they lack something still: false too where the file can't be
// read twice.
func (f *file) later(p *planner, ec event.Config) (lacks bool) {
	again, err := f.input.again()
	if err != nil || again == nil {
		return false
	}
	defer again.Close()
	other := &file{input: again, cfg: f.cfg, span: f.span}
	if _, err := other.open(again, p, ec); err != nil {
		return false
	}
	var columns columnSet
	for had := -1; ; {
		r, err := other.rows.next()
		if err != nil {
			return true
		}
		if columns.add(r.columns); len(columns.names) > had {
			had = len(columns.names)
			if p.check(columns.names, f.span != nil) == nil {
				return false
			}
		}
	}
}

// check refuses a file that was not read as it was written.
func (f *file) check(all rows) error {
	if c, ok := all.(*csvRows); ok {
		if wrong := f.rows.text.check([]byte(strings.Join(c.columns, ","))); wrong != nil {
			return usage("%s, header: %s: want %s", f.input.Name, wrong.problems[0].Found, wrong.problems[0].Want)
		}
	}
	if r := f.rows.first(badEncoding); r != nil {
		return usage("%s, line %d: %s: want %s", f.input.Name, r.line, r.wrong.problems[0].Found, r.wrong.problems[0].Want)
	}
	if f.rows.err != nil && !errors.Is(f.rows.err, io.EOF) {
		return usage("read %s: %w", f.input.Name, f.rows.err)
	}
	return nil
}

// ofOneToFive refuses a file whose scores are of another scale: its low ones would count as stars.
func (f *file) ofOneToFive() error {
	if f.judge.scale != nil {
		return nil
	}
	var s scores
	for i := range f.rows.read {
		r := &f.rows.read[i]
		if r.wrong != nil || f.judge.ignores(r) {
			continue
		}
		if m := f.judge.planner.of(r).find("rating"); m != nil {
			text, _ := readNumber(&m.target, m.value(r).text, f.cfg.Decimal, nil)
			s.add(text)
		}
	}
	other := s.other()
	if other == "" {
		return nil
	}
	return usage("rating: %d of %d scores in the first rows are more than 5, up to %g: --scale %s if that is the scale, from the worst to the best score; --scale 1..5 if it is 1 to 5 and these rows are wrong",
		s.above, s.all, s.most, other)
}

// spanOf returns the span of the configuration, which must be one that ratings are admitted of.
func spanOf(cfg Config, ac admit.Config, now time.Time) (*Span, error) {
	if cfg.Spread == "" {
		return nil, nil
	}
	span, err := ParseSpan(cfg.Spread, now)
	if err != nil {
		return nil, usage("%w", err)
	}
	oldest, advice := ac.Horizon, "; --history takes older ratings"
	if cfg.History {
		oldest, advice = ac.Retention, ""
	}
	switch {
	case span.To.After(now.Add(ac.Future)):
		return nil, usage("spread: %s ends in the future", span)
	case span.From.Before(now.Add(-oldest)):
		return nil, usage("spread: %s begins more than %.0f days ago%s", span, oldest.Hours()/24, advice)
	}
	return &span, nil
}
