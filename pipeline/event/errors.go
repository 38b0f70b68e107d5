package event

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Reasons of a FieldError. A bad field's reason is BadField and the name of a top-level field, so that there are few of them.
const (
	BadJSON      = "bad_json"
	BadField     = "bad_field:"
	UnknownField = "unknown_field" // unless the configuration ignores such fields
)

// FieldError says what is wrong with one field of an event, or with its JSON.
type FieldError struct {
	Reason string // BadJSON, BadField and a field's name, or UnknownField
	Field  string // path such as rating or quality.accuracy; empty for BadJSON
	Value  string // the value as JSON, shortened; empty where a person may have written it or may be named by it
	Found  string // what was found, without any content that may be personal
	Want   string // what would be right
	Offset int    // of the wrong byte, counted from 0; only for BadJSON
}

// Error returns a sentence for the sender of the event: the field, the value and what would be right.
func (e *FieldError) Error() string {
	if e.Value == "" {
		return e.sentence(e.Field, e.Found)
	}
	return e.sentence(e.Field, e.Value)
}

// Detail returns the sentence without anything that may be personal, for logs and dead letters.
func (e *FieldError) Detail() string {
	field := e.Field
	if top, _, nested := strings.Cut(field, "."); nested && top == answersName {
		field = top // the question may be free text
	}
	if e.Reason == UnknownField {
		field = "a field"
	}
	return e.sentence(field, e.Found)
}

func (e *FieldError) sentence(field, found string) string {
	if e.Reason == BadJSON {
		return fmt.Sprintf("not JSON at byte %d: %s: want %s", e.Offset, e.Found, e.Want)
	}
	return fmt.Sprintf("%s: %s: want %s", field, found, e.Want)
}

// maxErrors bounds the errors of a record, which could hold a hundred thousand. Of each field one is always kept.
const maxErrors = 100

// add keeps the error, which is about the field with the bit if there is one.
func (d *Decoder) add(bit uint32, e *FieldError) {
	if len(d.errs) >= maxErrors && d.faulty&bit == bit {
		return
	}
	d.faulty |= bit
	d.errs = append(d.errs, e)
}

// report records an error of a field, or of the member of it that is named, without a value.
func (d *Decoder) report(f *field, member, found, want string) {
	d.add(f.bit, &FieldError{Reason: BadField + f.name, Field: f.path(member), Found: found, Want: want})
}

// reject records that the value with the text is wrong.
func (d *Decoder) reject(f *field, member string, text []byte, want string) {
	d.rejectFound(f, member, text, describe(text), want)
}

// rejectFound is reject with what is shown of the value in logs.
func (d *Decoder) rejectFound(f *field, member string, text []byte, found, want string) {
	e := &FieldError{Reason: BadField + f.name, Field: f.path(member), Found: found, Want: want}
	switch {
	case f.private && text[0] != '"':
		e.Found = "not a string" // what is there instead may name the customer as well
	case !f.private && text[0] != '{' && text[0] != '[':
		e.Value = shorten(text)
	}
	d.add(f.bit, e)
}

// reportUnknown records a name, of a member of the field if there is one, that is not among the known ones.
func (d *Decoder) reportUnknown(f *field, name string, known []string) {
	if len(d.errs) >= maxErrors {
		return
	}
	path, want := shorten([]byte(name)), "a field of the event"
	if f != nil {
		path, want = f.path(path), "a name that is declared in the configuration"
	}
	if near := nearest(name, known); near != "" {
		want = fmt.Sprintf("%s; did you mean %q?", want, near)
	}
	d.add(0, &FieldError{Reason: UnknownField, Field: path, Found: "unknown", Want: want})
}

// describe says what kind of JSON value the text is; numbers and literals are said as they are.
func describe(text []byte) string {
	if len(text) == 0 {
		return "nothing"
	}
	switch text[0] {
	case '"':
		return fmt.Sprintf("a string of %d characters", max(0, utf8.RuneCount(text)-2))
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return shorten(text)
}

// shorten returns at most 60 characters of the text.
func shorten(text []byte) string {
	const limit = 60
	n := 0
	for i := range string(text) {
		if n == limit {
			return string(text[:i]) + "…"
		}
		n++
	}
	return string(text)
}

// nearest returns the name that was probably meant by the word, or the empty string.
func nearest(word string, names []string) string {
	const longest = 64
	best, distance := "", 1+len(word)/3
	if len(word) > longest {
		return ""
	}
	for _, name := range names {
		if d := editDistance(strings.ToLower(word), name); d <= distance {
			best, distance = name, d-1
		}
	}
	return best
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
