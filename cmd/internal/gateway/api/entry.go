package api

import (
	"fmt"
	"slices"
	"strings"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
)

// entry returns what is wrong with a field.
func entry(field, value, reason, want string) problem.Entry {
	return problem.Entry{Field: field, Value: value, Reason: reason, Want: want, Pointer: pointer(field),
		Detail: fmt.Sprintf("%s: %s: want %s", field, value, want)}
}

// entryOf returns what is wrong with a rating whose text begins at the byte of the body.
func entryOf(e *event.FieldError, at int) problem.Entry {
	moved := *e
	moved.Offset += at
	p := problem.Entry{Field: e.Field, Value: e.Value, Reason: e.Reason, Want: e.Want, Detail: moved.Error()}
	if e.Reason != event.BadJSON {
		p.Pointer = pointer(e.Field)
	}
	return p
}

// pointer returns the JSON pointer to a field of an event, whose path has two parts at most. An unknown field may have a
// point in its name.
func pointer(field string) string {
	top, member, nested := strings.Cut(field, ".")
	if !nested || !slices.Contains(event.FieldNames(), top) {
		return "#/" + escapePointer(field)
	}
	return "#/" + top + "/" + escapePointer(member)
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1").Replace

// inRow says which rating of an array, counted from 0, the entries are about.
func inRow(entries []problem.Entry, row int) {
	for i := range entries {
		e := &entries[i]
		e.Row = row + 1
		if e.Pointer != "" {
			e.Pointer = fmt.Sprintf("#/%d%s", row, e.Pointer[1:])
		}
	}
}

// inLine says which line, counted from 1, the entries are about.
func inLine(entries []problem.Entry, line int) {
	for i := range entries {
		entries[i].Line = line
	}
}

// withoutPointers takes away what would point beside the field, as the rating is within an envelope.
func withoutPointers(entries []problem.Entry) {
	for i := range entries {
		entries[i].Pointer = ""
	}
}
