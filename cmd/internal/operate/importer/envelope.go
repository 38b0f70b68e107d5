package importer

import (
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

// events judges rows of JSON that are events already, as the processor and the gateway do, and takes them out of CloudEvents.
// Where columns are mapped the rows are somebody else's: text is read as a number then, and an envelope's columns are there as
// they stand (id, time, data.rating …).
type events struct {
	cfg     event.Config
	decoder *event.Decoder
	passed  []string // fields that options change, and that are judged afterwards
	foreign bool
}

func newEvents(ec event.Config, cfg Config) *events {
	e := &events{cfg: ec, decoder: event.NewDecoder(ec), passed: []string{"occurred_at"}, foreign: len(cfg.Map) > 0 || cfg.Preset != nil}
	e.decoder.Drafts = true
	if cfg.Scale != "" {
		e.passed = append(e.passed, "rating")
	}
	if cfg.IDs != "" {
		e.passed = append(e.passed, "customer_id")
	}
	for _, v := range cfg.Values {
		name, _, _ := strings.Cut(v, ":")
		e.passed = append(e.passed, name)
	}
	return e
}

// judge rejects a row that is no event, and replaces the columns of an envelope by those of its event.
func (e *events) judge(r *row) {
	if r.wrong != nil || e.foreign {
		return
	}
	var ev event.Event
	errs := slices.DeleteFunc(e.decoder.DecodeAll(r.raw, nil, &ev), func(fe *event.FieldError) bool { return e.leaves(fe, r) })
	if len(errs) > 0 {
		r.wrong = &rejection{reason: errs[0].Reason}
		for _, fe := range errs {
			p := problem{Field: fe.Field, Value: fe.Value, Found: fe.Found, Want: fe.Want}
			if fe.Field != "" {
				p.Value = shorten(r.cell(column{fe.Field, -1}).text)
				p.Want += e.hint(fe, r)
			}
			r.wrong.problems = append(r.wrong.problems, p)
		}
		return
	}
	if slices.Contains(r.columns, "specversion") {
		r.columns, r.cells, r.wrong = flatten(event.AppendJSON(nil, &ev, e.cfg))
	}
}

// leaves says whether the error is of a field that is judged later, or of one that is not taken: those are reported as columns that
// are not used.
func (e *events) leaves(fe *event.FieldError, r *row) bool {
	if fe.Reason == event.UnknownField {
		return true
	}
	if slices.Contains(r.columns, "specversion") {
		return false
	}
	return slices.Contains(e.passed, fe.Field)
}

// hint names the option that reads text as a number.
func (e *events) hint(fe *event.FieldError, r *row) string {
	if t, err := targetOf(fe.Field, e.cfg); err == nil && numeric(&t) && r.cell(column{fe.Field, -1}).kind == text {
		return "; --map " + fe.Field + "=" + fe.Field + " reads text as a number"
	}
	return ""
}
