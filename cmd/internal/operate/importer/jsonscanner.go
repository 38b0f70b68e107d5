package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

var (
	errBroken  = errors.New("not JSON")
	errEntered = errors.New("the rows begin")
)

// jsonScanner finds where values of a JSON text end. It looks at each byte once and keeps no more than maxRow of them. A bare
// word such as NaN is passed over like a number: flatten names it, and the value ends where it would.
type jsonScanner struct {
	r      *bufio.Reader
	line   int    // of the next byte, counted from 1
	text   []byte // read since begin
	long   bool   // there was more than text holds
	last   byte   // that was read and is no white space
	member string // the name of the member at hand
	odd    string // the first word that is no JSON
	fault  string // why errBroken was returned
}

// begin forgets the text of the value before.
func (s *jsonScanner) begin() { s.text, s.long = nil, false }

// finish returns the row with the text.
func (s *jsonScanner) finish(r row) row {
	r.raw = bytes.TrimSpace(s.text)
	if s.long && r.wrong == nil {
		r.wrong = tooLong("a longer object")
	}
	return r
}

func (s *jsonScanner) peek() (byte, error) {
	head, err := s.r.Peek(1)
	if err != nil {
		return 0, err
	}
	return head[0], nil
}

// take reads one byte into the text.
func (s *jsonScanner) take() error {
	c, err := s.r.ReadByte()
	if err != nil {
		return err
	}
	switch c {
	case '\n':
		s.line++
	case ' ', '\t', '\r':
	default:
		s.last = c
	}
	if s.long = s.long || len(s.text) >= maxRow; !s.long {
		s.text = append(s.text, c)
	}
	return nil
}

// blank passes over white space, and over the byte order marks of files that were put together. It returns the next byte,
// which it leaves. White space before a value is no part of its text.
func (s *jsonScanner) blank() (byte, error) {
	for {
		c, err := s.peek()
		switch {
		case err != nil:
			return 0, err
		case c == 0xef && s.mark():
			_, _ = s.r.Discard(len(byteOrderMark))
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			return c, nil
		case len(s.text) == 0:
			_, _ = s.r.ReadByte()
			if c == '\n' {
				s.line++
			}
		default:
			_ = s.take()
		}
	}
}

func (s *jsonScanner) mark() bool {
	head, _ := s.r.Peek(len(byteOrderMark))
	return string(head) == byteOrderMark
}

func (s *jsonScanner) broken(format string, args ...any) error {
	s.fault = fmt.Sprintf(format, args...)
	return errBroken
}

// expect takes the byte, or says what stands there.
func (s *jsonScanner) expect(want byte) error {
	c, err := s.blank()
	if err != nil {
		return err
	}
	if c != want {
		return s.broken("%q where %q belongs, on line %d", c, want, s.line)
	}
	return s.take()
}

const deepestJSON = 500

// object reads an object from its brace on. With a path it returns errEntered where the array at the path begins, after its
// bracket, and how many objects are open there.
func (s *jsonScanner) object(depth int, path []string) (entered int, err error) {
	if depth > deepestJSON {
		return 0, s.broken("objects are nested deeper than %d", deepestJSON)
	}
	if err := s.take(); err != nil {
		return 0, err
	}
	return s.members(depth, path, true)
}

// members reads what follows the opening brace, or the value of a member, up to the closing brace.
func (s *jsonScanner) members(depth int, path []string, first bool) (entered int, err error) {
	for ; ; first = false {
		c, err := s.blank()
		switch {
		case err != nil:
			return 0, err
		case c == '}':
			return 0, s.take()
		case !first && c != ',':
			return 0, s.broken("%q where a comma or a brace belongs, on line %d", c, s.line)
		case !first:
			_ = s.take()
		}
		name, err := s.name()
		if err != nil {
			return 0, err
		}
		if len(path) > 0 && name == path[0] {
			if inner, err := s.enter(depth, path[1:]); err != nil {
				return inner + 1, err
			}
			continue
		}
		if err := s.value(depth + 1); err != nil {
			return 0, err
		}
	}
}

// name reads the name of a member and its colon.
func (s *jsonScanner) name() (string, error) {
	if c, err := s.blank(); err != nil {
		return "", err
	} else if c != '"' {
		return "", s.broken("%q where a name in double quotes belongs, on line %d", c, s.line)
	}
	start := len(s.text)
	if err := s.string(); err != nil {
		return "", err
	}
	var name string
	if !s.long {
		_ = json.Unmarshal(s.text[start:], &name)
	}
	s.member = name
	return name, s.expect(':')
}

// enter reads a value on the path.
func (s *jsonScanner) enter(depth int, path []string) (entered int, err error) {
	c, err := s.blank()
	switch {
	case err != nil:
		return 0, err
	case c == '[' && len(path) == 0:
		_ = s.take()
		return 0, errEntered
	case c == '{' && len(path) > 0:
		return s.object(depth+1, path)
	}
	return 0, s.value(depth + 1)
}

func (s *jsonScanner) value(depth int) error {
	c, err := s.blank()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		_, err := s.object(depth, nil)
		return err
	case '[':
		return s.array(depth)
	case '"':
		return s.string()
	}
	return s.word(c)
}

func (s *jsonScanner) array(depth int) error {
	if depth > deepestJSON {
		return s.broken("arrays are nested deeper than %d", deepestJSON)
	}
	_ = s.take()
	for first := true; ; first = false {
		c, err := s.blank()
		switch {
		case err != nil:
			return err
		case c == ']':
			return s.take()
		case !first && c != ',':
			return s.broken("%q where a comma or a bracket belongs, on line %d", c, s.line)
		case !first:
			_ = s.take()
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
	}
}

// string reads a string from its quote on. JSON has no line ends in strings: a quote that is missing does no harm beyond its line.
func (s *jsonScanner) string() error {
	_ = s.take()
	for escaped := false; ; {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c == '\n' {
			return s.broken("a string that does not end on line %d", s.line)
		}
		_ = s.take()
		if c == '"' && !escaped {
			return nil
		}
		escaped = c == '\\' && !escaped
	}
}

// word reads a number, true, false, null, or what stands in the place of one.
func (s *jsonScanner) word(c byte) error {
	isWord := func(c byte) bool {
		return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || slices.Contains([]byte("+-._"), c)
	}
	if !isWord(c) {
		return s.broken("%q where a value belongs, on line %d", c, s.line)
	}
	start := len(s.text)
	for {
		c, err := s.peek()
		if err != nil || !isWord(c) {
			s.judge(s.text[min(start, len(s.text)):])
			return err
		}
		_ = s.take()
	}
}

// judge keeps the first word that is no JSON.
func (s *jsonScanner) judge(word []byte) {
	if s.odd != "" || s.long || json.Valid(word) {
		return
	}
	what := "a word without quotes" // which a customer may have written
	if slices.Contains([]string{"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "None", "True", "False", "undefined"}, string(word)) {
		what = string(word)
	}
	s.odd = fmt.Sprintf("%s: %s is no JSON", s.member, what)
}

// skip reads up to a byte at which to stop.
func (s *jsonScanner) skip(stop func(c byte) bool) error {
	for {
		c, err := s.peek()
		if err != nil || stop(c) {
			return err
		}
		_ = s.take()
	}
}

// resync reads up to where, after broken text, the next object probably begins or the array around it ends: at a brace that is no
// value of a member, or a bracket after a brace.
func (s *jsonScanner) resync(inArray bool) error {
	return s.skip(func(c byte) bool {
		return c == '{' && s.last != ':' || c == ']' && s.last == '}' && inArray
	})
}

// oddity says what of the text is no JSON, in words that help, or nothing.
func oddity(text []byte) string {
	s := &jsonScanner{r: bufio.NewReader(bytes.NewReader(text)), line: 1}
	err := s.value(0)
	switch {
	case errors.Is(err, errBroken):
		return s.fault
	case errors.Is(err, io.EOF):
		return "the object does not end"
	}
	return s.odd
}
