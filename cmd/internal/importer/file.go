package importer

import (
	"errors"
	"io"
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
	span   *Span
	judge  *judge
}

// newFile looks into the input. Its errors are about the file as a whole, or about a mapping that does not fit it.
func newFile(in *Input, cfg Config, ec event.Config, ac admit.Config, now time.Time) (*file, error) {
	text, converted, err := in.text(cfg.Encoding)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, usage("read %s: %w", in.Name, err)
	}
	f := &file{input: in}
	if f.span, err = spanOf(cfg, ac, now); err != nil {
		return nil, err
	}
	all, format, err := rowsOf(text, cfg.Format, in.suffix)
	if err != nil {
		return nil, usage("read %s: %w", in.Name, err)
	}
	f.format = format
	envelopes := newEnvelopes(ec)
	f.rows = newSample(all, func(r *row) {
		if r.wrong == nil {
			r.wrong = checkText(r.raw, cfg.Encoding, converted)
		}
		if format != CSV {
			r.object()
			if len(cfg.Map) == 0 {
				envelopes.open(r)
			}
		}
	})
	if err := f.check(all, cfg, converted); err != nil {
		return nil, err
	}
	p, err := newPlan(cfg, ec, f.rows.columns)
	if err != nil {
		return nil, err
	}
	if len(f.rows.columns) > 0 {
		if err := p.lacking(f.span != nil, f.rows.columns); err != nil {
			return nil, err
		}
	}
	f.judge, err = newJudge(p, cfg, f.span, ec, ac)
	return f, err
}

// check refuses a file that was not read as it was written.
func (f *file) check(all rows, cfg Config, converted bool) error {
	if c, ok := all.(*csvRows); ok {
		if wrong := checkText([]byte(strings.Join(c.columns, ",")), cfg.Encoding, converted); wrong != nil {
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
