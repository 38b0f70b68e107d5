package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Formats of a file.
const (
	CSV    = "csv"    // with a header; commas, semicolons, tabs or bars
	NDJSON = "ndjson" // one JSON object a line
	XLSX   = "xlsx"   // a sheet of an Excel workbook with a header
	JSON   = "json"   // arrays of objects, objects one after the other, or arrays within objects
)

// Formats returns the names that Config.Format takes beside the empty one, which tells it by the file.
func Formats() []string { return []string{CSV, NDJSON, JSON, XLSX} }

// rowsOf reads the text as the format of the configuration, or as what it seems to be where that has none. It returns the format.
func rowsOf(r *bufio.Reader, cfg Config, suffix string) (rows, string, error) {
	format := cfg.Format
	if format == "" {
		format = detect(r, suffix)
	}
	if format == NDJSON && cfg.Rows != "" {
		format = JSON // rows within an object may be on one line
	}
	switch format {
	case CSV:
		c, err := newCSV(newLines(r), cfg)
		return c, format, err
	case NDJSON:
		return &ndjsonRows{newLines(r)}, format, nil
	case JSON:
		return newJSON(r, cfg.Rows), format, nil
	}
	return nil, "", fmt.Errorf("format: %q: want %s", format, strings.Join(Formats(), ", "))
}

// detect tells the format by the first character, and JSON on lines from other JSON by the name or by whether the first line
// is an object by itself.
func detect(r *bufio.Reader, suffix string) string {
	lines := slices.Contains([]string{"ndjson", "jsonl"}, suffix)
	switch first(r) {
	case '[':
		return JSON
	case '{':
		head := peek(r, func(head []byte) bool { return bytes.IndexByte(bytes.TrimLeft(head, blanks), '\n') >= 0 })
		line, _, _ := bytes.Cut(bytes.TrimLeft(head, blanks), []byte{'\n'})
		if !lines && !json.Valid(line) {
			return JSON
		}
		return NDJSON
	}
	if lines {
		return NDJSON
	}
	return CSV
}

const blanks = " \t\r\n"

// first returns the first character that is not blank, or 0.
func first(r *bufio.Reader) byte {
	if head := bytes.TrimLeft(peek(r, func(head []byte) bool { return len(bytes.TrimLeft(head, blanks)) > 0 }), blanks); len(head) > 0 {
		return head[0]
	}
	return 0
}

// peek returns the beginning of the text once there is enough of it, or all that comes or fits: it waits for no more of a
// stream than it needs.
func peek(r *bufio.Reader, enough func(head []byte) bool) []byte {
	for n := 1; ; n++ {
		head, err := r.Peek(max(n, r.Buffered()))
		if err != nil || enough(head) {
			return head
		}
		n = len(head)
	}
}

// wrapped returns the dotted path of the first array of objects within the object that the text begins with, and the members of
// its first object; nothing where there is none in what can be looked at.
func wrapped(r *bufio.Reader) (path string, columns []string) {
	if first(r) != '{' {
		return "", nil
	}
	var names []string
	var found json.RawMessage
	peek(r, func(head []byte) bool {
		dec := json.NewDecoder(bytes.NewReader(head))
		_, _ = dec.Token()
		names, found = arrayIn(dec, head, nil)
		return found != nil || json.NewDecoder(bytes.NewReader(head)).Decode(new(json.RawMessage)) == nil
	})
	if found == nil {
		return "", nil
	}
	columns, _, _ = flatten(found)
	return strings.Join(names, "."), columns
}

// arrayIn reads members of an object until one is an array of objects. It returns the path to it, and its first object.
func arrayIn(dec *json.Decoder, head []byte, path []string) (names []string, first json.RawMessage) {
	const deepest = 4
	for dec.More() && len(path) < deepest {
		key, err := dec.Token()
		if err != nil {
			return nil, nil
		}
		name, _ := key.(string)
		here := append(slices.Clone(path), name)
		rest := bytes.TrimLeft(head[dec.InputOffset():], blanks+":")
		switch {
		case len(rest) > 0 && rest[0] == '{':
			_, _ = dec.Token()
			if names, first = arrayIn(dec, head, here); first != nil {
				return names, first
			}
		case len(rest) > 0 && rest[0] == '[' && bytes.HasPrefix(bytes.TrimLeft(rest[1:], blanks), []byte("{")):
			_, _ = dec.Token()
			if dec.Decode(&first) == nil {
				return here, first
			}
			return nil, nil
		default:
			var skipped json.RawMessage
			if dec.Decode(&skipped) != nil {
				return nil, nil
			}
		}
	}
	_, _ = dec.Token() // the brace
	return nil, nil
}
