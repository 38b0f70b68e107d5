package importer

import (
	"strings"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// judge turns rows into messages, or says why not. It is not safe for concurrent use.
type judge struct {
	cfg      Config
	planner  *planner
	metrics  []event.Metric
	history  []event.Header
	span     *Span
	scale    *Scale
	times    *timeReader
	ids      *identities
	repeats  *repeats
	writer   *writer
	admitter *admit.Admitter
	decoder  *event.Decoder
	scores   scores
	event    event.Event // of the row at hand
}

// verdict is what becomes of a row.
type verdict struct {
	message    source.Message
	event      *event.Event // until the next row
	occurredAt int64        // Unix milliseconds
	ignored    bool         // by Config.Ignore
	duplicate  bool         // it says what an earlier row said, and is not sent
	repeated   bool         // … but it is a rating of its own, as the rows have no ids
	notes      []note
	wrong      *rejection
}

// newJudge expects configurations that are valid. Customer ids are judged as they come: hashing them is the processor's.
func newJudge(p *planner, cfg Config, span *Span, ec event.Config, ac admit.Config) (*judge, error) {
	ec.CustomerIDs = event.DefaultConfig().CustomerIDs
	admitter, err := admit.NewAdmitter(ec, ac)
	if err != nil {
		return nil, err
	}
	j := &judge{cfg: cfg, planner: p, metrics: ec.Metrics(), span: span, ids: newIdentities(), repeats: newRepeats(),
		writer: newWriter(), admitter: admitter, decoder: event.NewDecoder(ec)}
	zone, err := loadZone(cfg.TimeZone)
	if err != nil {
		return nil, err
	}
	j.times = newTimeReader(cfg.TimeLayouts, zone)
	if j.scale, err = parseScale(cfg.Scale); err != nil {
		return nil, err
	}
	if cfg.History {
		j.history = []event.Header{{Key: admit.HeaderHistory, Value: []byte("1")}}
	}
	return j, nil
}

// of judges a row at the time that its record will carry.
func (j *judge) of(r *row, now time.Time) (v verdict) {
	if r.wrong != nil {
		return verdict{wrong: r.wrong}
	}
	if v.ignored = j.ignores(r); v.ignored {
		return v
	}
	reader := &rowReader{judge: j, row: r}
	c := reader.content()
	v.notes = reader.notes
	c, made := j.identify(r, c, &v)
	if j.span != nil && c.get("occurred_at") == "" {
		at := time.UnixMilli(j.span.at(c.get("rating_id"))).UTC()
		c = c.with(&targetsMade.occurredAt, at.Format("2006-01-02T15:04:05.000Z07:00"))
	}
	value := j.writer.json(c)
	record := admit.Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: value, Headers: j.history}
	if rej := j.admitter.Admit(&record, &j.event); rej != nil || len(reader.problems) > 0 {
		v.wrong = j.explain(rej, reader, &record, c)
		return v
	}
	if !made {
		if v.duplicate, v.wrong = j.repeats.check(c, &j.event, r.line); v.duplicate || v.wrong != nil {
			return v
		}
	}
	if j.event.CommentTruncated {
		v.notes = append(v.notes, note{noteCut, "comment", r.line})
	}
	v.event, v.occurredAt = &j.event, j.event.OccurredAt
	v.message = source.Message{Key: []byte(j.event.CustomerID), Value: value, Time: now}
	for _, h := range j.history {
		v.message.Headers = append(v.message.Headers, source.Header(h))
	}
	return v
}

// identify gives a row without a rating_id one, unless a mapping or the row's being an erasure says that it must have its own. It
// says whether equal rows are ratings of their own.
func (j *judge) identify(r *row, c content, v *verdict) (out content, numbered bool) {
	if c.get("rating_id") != "" || j.planner.mapped("rating_id") || c.get("op") == "erase" {
		return c, false
	}
	if len(j.cfg.IDColumns) > 0 {
		if id := j.ids.ofColumns(r, j.cfg.IDColumns); id != "" {
			c = c.with(&targetsMade.ratingID, id)
		}
		return c, false
	}
	id, before := j.ids.of(r)
	v.repeated = before > 0
	return c.with(&targetsMade.ratingID, id), true
}

// ignores says whether a column has a text that the configuration leaves out.
func (j *judge) ignores(r *row) bool {
	for _, rule := range j.cfg.Ignore {
		name, want, _ := strings.Cut(rule, "=")
		at := find(r.columns, name)
		if at.index < 0 {
			continue
		}
		c := r.cells[at.index]
		if begin, ok := strings.CutSuffix(want, "*"); ok && c.kind != missing && strings.HasPrefix(c.text, begin) || c.text == want && (want != "" || c.kind == missing) {
			return true
		}
	}
	return false
}

// rowReader reads the fields of one row.
type rowReader struct {
	*judge
	row      *row
	problems []problem
	hints    map[string]string // by field, for what admission says
	notes    []note
}

// content takes from the row what the plan says.
func (r *rowReader) content() content {
	const made = 2 // fields that may be added
	p := r.planner.of(r.row)
	c := make(content, 0, len(p.mappings)+made)
	for i := range p.mappings {
		m := &p.mappings[i]
		value := m.value(r.row)
		if value.kind == missing {
			continue
		}
		r.read(&m.target, &value)
		c = append(c, field{&m.target, value})
	}
	return c
}

// read makes of the value what the field wants, as far as the options say how.
func (r *rowReader) read(t *target, value *cell) {
	var wrong *problem
	switch {
	case t.name == "occurred_at":
		if value.kind == text || value.kind == number {
			r.time(value)
		}
	case idField(t.name):
		if value.kind == text {
			value.text, wrong = readID(t.name, value.text, r.cfg.IDs)
		}
		if zerosAtTheEnd(value.text) {
			r.note(noteIDZeros, t.name)
		}
	case numeric(t):
		if value.kind == text {
			value.text, wrong = readNumber(t, value.text, r.cfg.Decimal, r.metrics)
			if wrong == nil && withComma.MatchString(value.text) {
				r.hint(t.name, "--decimal-comma reads 4,5 as 4.5")
			}
		}
		if wrong == nil && t.name == "rating" && (value.kind == number || isNumber(value.text)) {
			wrong = r.rating(value)
		}
	}
	if wrong != nil {
		r.problems = append(r.problems, *wrong)
	}
}

func (r *rowReader) time(value *cell) {
	read := r.times.read(value.text)
	value.text = read.text
	if read.hint != "" {
		r.hint("occurred_at", read.hint)
	} else {
		value.kind = text
	}
	if read.note != "" {
		r.note(read.note, "")
	}
}

func (r *rowReader) rating(value *cell) (wrong *problem) {
	if r.scale == nil {
		r.scores.add(value.text)
		r.hint("rating", "--scale 0..10 converts scores of another scale, and --value rating:0= leaves out what is no score")
		return nil
	}
	value.text, wrong = r.scale.rating(value.text)
	return wrong
}

func (r *rowReader) hint(field, text string) {
	if r.hints == nil {
		r.hints = map[string]string{}
	}
	r.hints[field] = text
}

func (r *rowReader) note(name, field string) {
	r.notes = append(r.notes, note{name, field, r.row.line})
}

// explain says all that is wrong with a row for the person who has the file.
func (j *judge) explain(rej *admit.Rejection, reader *rowReader, record *admit.Record, c content) *rejection {
	out := &rejection{problems: reader.problems}
	known := map[string]bool{}
	for i := range reader.problems {
		known[reader.problems[i].Field] = true
		top, _, _ := strings.Cut(reader.problems[i].Field, ".")
		out.reason = event.BadField + top
	}
	var e event.Event
	for _, fe := range j.decoder.DecodeAll(record.Value, nil, &e) {
		if known[fe.Field] {
			continue
		}
		p := problem{Field: fe.Field, Value: shorten(c.get(fe.Field)), Want: fe.Want}
		if p.Value == "" {
			p.Found = fe.Found
		}
		if hint := reader.hints[fe.Field]; hint != "" {
			p.Want += "; " + hint
		}
		out.problems = append(out.problems, p)
	}
	if rej == nil {
		return out
	}
	if out.reason == "" {
		out.reason = rej.Reason
	}
	if len(out.problems) > 0 {
		return out
	}
	p := problem{Want: rej.Detail}
	switch rej.Reason {
	case admit.UnknownService:
		p.Field = "service"
	case admit.TooOld, admit.InFuture:
		p.Field = "occurred_at"
	}
	p.Value = shorten(c.get(p.Field))
	out.problems = []problem{p}
	return out
}

// shorten returns at most 200 characters of the text.
func shorten(s string) string {
	const limit = 200
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return s
}
