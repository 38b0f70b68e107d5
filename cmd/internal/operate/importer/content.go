package importer

import (
	"bytes"
	"encoding/json"
	"strings"

	"satisflow/pipeline/event"
)

// field is what a row says about one target.
type field struct {
	*target
	cell
}

// content is what a row says, in the order of the event's fields and without what is missing.
type content []field

// get returns the text of a field, or nothing.
func (c content) get(name string) string {
	for i := range c {
		if c[i].name == name {
			return c[i].text
		}
	}
	return ""
}

// with returns the content with one more field, at its place.
func (c content) with(t *target, value string) content {
	i := 0
	for i < len(c) && c[i].order < t.order {
		i++
	}
	out := append(c[:i:i], field{t, cell{kind: text, text: value}})
	return append(out, c[i:]...)
}

// writer writes content as the JSON of an event. It judges nothing: what does not fit a field is written so that admission
// names it.
type writer struct {
	text bytes.Buffer
	enc  *json.Encoder
}

func newWriter() *writer {
	w := &writer{}
	w.enc = json.NewEncoder(&w.text)
	w.enc.SetEscapeHTML(false)
	return w
}

// json returns the content's JSON, which is the caller's.
func (w *writer) json(c content) []byte {
	w.text.Reset()
	w.text.WriteByte('{')
	group := ""
	for i := range c {
		f := &c[i]
		if group != "" && f.group != group {
			w.text.WriteByte('}')
		}
		if i > 0 && (group == "" || f.group != group) {
			w.text.WriteByte(',')
		}
		switch {
		case f.group == "" || f.group == group && group != "":
			if f.group != "" {
				w.text.WriteByte(',')
			}
		default:
			w.string(f.group)
			w.text.WriteString(":{")
		}
		group = f.group
		w.string(f.member)
		w.text.WriteByte(':')
		w.value(f)
	}
	if group != "" {
		w.text.WriteByte('}')
	}
	w.text.WriteByte('}')
	return bytes.Clone(w.text.Bytes())
}

func (w *writer) string(s string) {
	_ = w.enc.Encode(s) // a string into a buffer cannot fail
	w.text.Truncate(w.text.Len() - 1)
}

func (w *writer) value(f *field) {
	if f.plain() {
		w.text.WriteString(strings.ToLower(f.text))
		return
	}
	w.string(f.text)
}

// plain says whether the value is written without quotes: as its field wants it, or to be refused for its kind.
func (f *field) plain() bool {
	switch {
	case f.kind == nested, f.kind == boolean:
		return true
	case f.name == "customer_id":
		return f.kind == number
	case f.name == "quarantined", f.name == "comment_truncated", f.name == "answers_truncated":
		return f.kind == number || strings.EqualFold(f.text, "true") || strings.EqualFold(f.text, "false")
	case f.group == "answers" && f.quoted:
		return false
	case f.name == "rating", f.name == "revision", f.group == "quality", f.group == "answers":
		return f.kind == number || isNumber(f.text)
	}
	return false
}

// isNumber says whether the text is a number as JSON writes it, and no longer than an answer may be.
func isNumber(s string) bool {
	const longest = 32
	return len(s) <= longest && s != "" && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

// targetsMade are the fields that rows without them get.
var targetsMade = func() (made struct{ ratingID, occurredAt target }) {
	for to, name := range map[*target]string{&made.ratingID: "rating_id", &made.occurredAt: "occurred_at"} {
		*to, _ = targetOf(name, event.DefaultConfig())
	}
	return made
}()
