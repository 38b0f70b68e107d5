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
	JSON   = "json"   // an array of objects, or objects one after the other
)

// Formats returns the names that Config.Format takes beside the empty one, which tells it by the file.
func Formats() []string { return []string{CSV, NDJSON, JSON} }

// rowsOf reads the text as the format, or as what it seems to be where none is given. It returns the format.
func rowsOf(r *bufio.Reader, format, suffix string) (rows, string, error) {
	if format == "" {
		format = detect(r, suffix)
	}
	switch format {
	case CSV:
		c, err := newCSV(lines{r: r})
		return c, format, err
	case NDJSON:
		return &ndjsonRows{lines{r: r}}, format, nil
	case JSON:
		j, err := newJSON(r, first(r) == '[')
		if err != nil {
			return nil, "", usage("read JSON: %w", err)
		}
		return j, format, nil
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
