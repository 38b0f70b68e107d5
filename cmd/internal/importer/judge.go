package importer

import (
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// judge turns rows into messages, or says why not. It is not safe for concurrent use.
type judge struct {
	plan     *plan
	history  []event.Header
	span     *Span
	zone     *time.Location
	ids      *identities // nil where rows bring theirs
	repeats  *repeats    // nil where ids are made
	writer   *writer
	admitter *admit.Admitter
	decoder  *event.Decoder
	event    event.Event // of the row at hand
}

// verdict is what becomes of a row.
type verdict struct {
	message    source.Message
	occurredAt int64 // Unix milliseconds
	duplicate  bool  // it says what an earlier row said, and is not sent
	repeated   bool  // … but it is a rating of its own, as the rows have no ids
	wrong      *rejection
}

// newJudge expects configurations that are valid. Customer ids are judged as they come: hashing them is the processor's.
func newJudge(p *plan, cfg Config, span *Span, ec event.Config, ac admit.Config) (*judge, error) {
	ec.CustomerIDs = event.DefaultConfig().CustomerIDs
	admitter, err := admit.NewAdmitter(ec, ac)
	if err != nil {
		return nil, err
	}
	j := &judge{plan: p, span: span, writer: newWriter(), admitter: admitter, decoder: event.NewDecoder(ec)}
	if j.zone, err = loadZone(cfg.TimeZone); err != nil {
		return nil, err
	}
	if cfg.History {
		j.history = []event.Header{{Key: admit.HeaderHistory, Value: []byte("1")}}
	}
	if p.find("rating_id") == nil {
		j.ids = newIdentities()
	} else {
		j.repeats = newRepeats()
	}
	return j, nil
}

// of judges a row at the time that its record will carry.
func (j *judge) of(r *row, now time.Time) (v verdict) {
	if r.wrong != nil {
		return verdict{wrong: r.wrong}
	}
	c := j.read(r)
	said := c
	if j.ids != nil {
		id, before := j.ids.of(c)
		v.repeated = before > 0
		c = c.with(&targetsMade.ratingID, id)
	}
	if j.span != nil && c.get("occurred_at") == "" {
		at := time.UnixMilli(j.span.at(c.get("rating_id"))).UTC()
		c = c.with(&targetsMade.occurredAt, at.Format("2006-01-02T15:04:05.000Z07:00"))
	}
	value := j.writer.json(c)
	record := admit.Record{Timestamp: now.UnixMilli(), Value: value, Headers: j.history}
	if rej := j.admitter.Admit(&record, &j.event); rej != nil {
		v.wrong = j.explain(rej, &record, c)
		return v
	}
	if j.repeats != nil {
		if v.duplicate, v.wrong = j.repeats.check(said, &j.event, r.line); v.duplicate || v.wrong != nil {
			return v
		}
	}
	v.occurredAt = j.event.OccurredAt
	v.message = source.Message{Key: []byte(j.event.CustomerID), Value: value, Time: now}
	for _, h := range j.history {
		v.message.Headers = append(v.message.Headers, source.Header(h))
	}
	return v
}

// read takes from the row what the plan says.
func (j *judge) read(r *row) content {
	const made = 2 // fields that may be added
	c := make(content, 0, len(j.plan.mappings)+made)
	for i := range j.plan.mappings {
		m := &j.plan.mappings[i]
		value := m.value(r)
		if value.kind == missing {
			continue
		}
		if m.name == "occurred_at" && value.kind == text {
			value.text = withZone(value.text, j.zone)
		}
		c = append(c, field{&m.target, value})
	}
	return c
}

// explain says all that is wrong with a row for the person who has the file.
func (j *judge) explain(rej *admit.Rejection, record *admit.Record, c content) *rejection {
	var e event.Event
	out := &rejection{reason: rej.Reason}
	for _, fe := range j.decoder.DecodeAll(record.Value, nil, &e) {
		p := problem{Field: fe.Field, Value: shorten(c.get(fe.Field)), Want: fe.Want}
		if p.Value == "" {
			p.Found = fe.Found
		}
		if fe.Field == "occurred_at" && j.zone == nil && withZone(c.get(fe.Field), time.UTC) != c.get(fe.Field) {
			p.Want += "; --time-zone says which zone times without one are of"
		}
		out.problems = append(out.problems, p)
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
