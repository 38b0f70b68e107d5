package deadletters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"satisflow/pipeline/event"
	"satisflow/sinks/clickhouse"
)

// Shown is a record as it is shown to people.
type Shown struct {
	Key     string   `json:"key"`
	Headers []Header `json:"headers"`
	Value   string   `json:"value"`
	JSON    bool     `json:"json"`   // whether the value is JSON; otherwise bytes are escaped
	Masked  bool     `json:"masked"` // whether something was left out
}

// Header is a header of a record.
type Header struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// open are the fields that say nothing of a person where they look as they should; of all others the text is masked.
var open = []string{
	"rating_id", "revision", "op", "occurred_at", "service", "product_id", "channel", "segment", "source", "attributes", "rating", "respondent",
	"quality", "language", "quarantined", "comment_truncated", "answers_truncated", "survey_id", "specversion", "type", "id", "time", "datacontenttype",
}

// openHeaders are the same of headers, beside those that begin with satisflow-.
var openHeaders = []string{"content-type", "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"}

// Reveal returns the record as it is, bytes that cannot be printed escaped.
func Reveal(l *clickhouse.DeadLetter) Shown {
	s := Shown{Key: printable(string(l.Key)), Headers: []Header{}, JSON: json.Valid(l.Value), Value: printable(string(l.Value))}
	if s.JSON {
		var b bytes.Buffer
		_ = json.Indent(&b, l.Value, "", "  ") // it is valid
		s.Value = printable(b.String())
	}
	for _, h := range l.Headers {
		s.Headers = append(s.Headers, Header{printable(h.Key), printable(string(h.Value))})
	}
	return s
}

// Mask returns the record without what may be personal: key, unknown fields and headers, customer, comment, answers, and
// any value that does not look like a name, a number or a time.
func Mask(l *clickhouse.DeadLetter) Shown {
	m := &masker{}
	s := Shown{Key: m.text(string(l.Key), false), Headers: []Header{}, JSON: json.Valid(l.Value)}
	for _, h := range l.Headers {
		known := strings.HasPrefix(h.Key, "satisflow-") || slices.Contains(openHeaders, strings.ToLower(h.Key))
		s.Headers = append(s.Headers, Header{m.text(h.Key, true), m.text(string(h.Value), known)})
	}
	if s.JSON {
		m.decoder = json.NewDecoder(bytes.NewReader(l.Value))
		m.decoder.UseNumber()
		m.value(0, false)
		s.Value = m.out.String()
	} else {
		s.Value, m.masked = fmt.Sprintf("(masked: %d bytes that are no JSON)", len(l.Value)), true
	}
	s.Masked = m.masked
	return s
}

// masker writes a JSON text again, indented, in its order.
type masker struct {
	decoder *json.Decoder
	out     bytes.Buffer
	masked  bool
}

// value writes the next value; known says that it is of an open field.
func (m *masker) value(depth int, known bool) {
	token, _ := m.decoder.Token() // the text is valid
	delimiter, nested := token.(json.Delim)
	if !nested {
		m.scalar(token, known)
		return
	}
	m.out.WriteRune(rune(delimiter))
	for first := true; m.decoder.More(); first = false {
		if !first {
			m.out.WriteByte(',')
		}
		m.line(depth + 1)
		child := known
		if delimiter == '{' {
			key, _ := m.decoder.Token()
			name, _ := key.(string)
			child = known || slices.Contains(open, name)
			m.out.WriteString(quoted(m.text(name, true)) + ": ")
		}
		m.value(depth+1, child)
	}
	end, _ := m.decoder.Token()
	m.line(depth)
	m.out.WriteRune(rune(end.(json.Delim)))
}

func (m *masker) line(depth int) {
	m.out.WriteByte('\n')
	m.out.WriteString(strings.Repeat("  ", depth))
}

func (m *masker) scalar(token json.Token, known bool) {
	switch v := token.(type) {
	case string:
		m.out.WriteString(quoted(m.text(v, known)))
	case nil:
		m.out.WriteString("null")
	default: // numbers and booleans
		if text := fmt.Sprint(v); m.text(text, known) == text {
			m.out.WriteString(text)
		} else {
			m.out.WriteString(quoted(m.text(text, false)))
		}
	}
}

// text returns the text, or how long it was.
func (m *masker) text(text string, known bool) string {
	if text == "" || known && looksLikeAName(text) {
		return text
	}
	m.masked = true
	return fmt.Sprintf("(masked: %d characters)", utf8.RuneCountInString(text))
}

// looksLikeAName says whether the text could be an identifier, a number or a time, as opposed to what a person wrote.
func looksLikeAName(text string) bool {
	return len(text) <= event.MaxRatingID && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/-") == ""
}

func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string
	return strings.TrimRight(b.String(), "\n")
}

// printable escapes what a terminal would act on; line ends stay.
func printable(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n' || strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
