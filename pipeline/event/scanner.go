package event

import (
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deeply objects and arrays may be nested in a record.
const maxDepth = 64

// scanner reads JSON as RFC 8259 has it, in one pass and without copying: the strings that it returns point into its text
// unless they contain escapes. Its methods return false after the first error, which is kept in bad.
type scanner struct {
	buf   []byte
	pos   int
	depth int
	bad   *FieldError
	text  []byte // strings that contained escapes; appended to, never overwritten, so that they stay valid
}

func (s *scanner) start(buf []byte) {
	const chunk, least = 8192, 512
	s.buf, s.pos, s.depth, s.bad = buf, 0, 0, nil
	if cap(s.text)-len(s.text) < least {
		s.text = make([]byte, 0, chunk)
	}
}

func (s *scanner) fail(at int, found, want string) bool {
	if s.bad == nil {
		s.bad = &FieldError{Reason: BadJSON, Offset: at, Found: found, Want: want}
	}
	return false
}

// failHere reports the byte at the position, or the end of the text.
func (s *scanner) failHere(want string) bool {
	if s.pos >= len(s.buf) {
		return s.fail(len(s.buf), "the text ends", want)
	}
	r, _ := utf8.DecodeRune(s.buf[s.pos:])
	return s.fail(s.pos, fmt.Sprintf("found %q", r), want)
}

// peek skips white space and returns the byte that follows, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// members reads an object and calls each with every key; each reads the value and may stop by returning false.
func (s *scanner) members(each func(key string) bool) bool {
	if !s.enter() {
		return false
	}
	if s.peek() == '}' {
		return s.leave()
	}
	for {
		if s.peek() != '"' {
			return s.failHere("a key in double quotes")
		}
		key, ok := s.str()
		if !ok {
			return false
		}
		if s.peek() != ':' {
			return s.failHere("a colon after the key")
		}
		s.pos++
		if !each(key) {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			return s.leave()
		default:
			return s.failHere("a comma or } after the value")
		}
	}
}

func (s *scanner) elements() bool {
	if !s.enter() {
		return false
	}
	if s.peek() == ']' {
		return s.leave()
	}
	for {
		if !s.skip() {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			return s.leave()
		default:
			return s.failHere("a comma or ] after the value")
		}
	}
}

func (s *scanner) enter() bool {
	if s.depth++; s.depth > maxDepth {
		return s.fail(s.pos, "too deep", fmt.Sprintf("at most %d levels of objects and arrays", maxDepth))
	}
	s.pos++
	return true
}

func (s *scanner) leave() bool {
	s.depth--
	s.pos++
	return true
}

// skip reads any value.
func (s *scanner) skip() bool {
	switch c := s.peek(); {
	case c == '"':
		_, ok := s.str()
		return ok
	case c == '{':
		return s.members(func(string) bool { return s.skip() })
	case c == '[':
		return s.elements()
	case c == '-' || digit(c):
		_, ok := s.number()
		return ok
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.failHere("a JSON value")
}

// value reads any value and returns its text.
func (s *scanner) value() ([]byte, bool) {
	s.peek()
	start := s.pos
	ok := s.skip()
	return s.buf[start:s.pos], ok
}

func (s *scanner) literal(word string) bool {
	if end := s.pos + len(word); end > len(s.buf) || string(s.buf[s.pos:end]) != word {
		return s.failHere(word)
	}
	s.pos += len(word)
	return true
}

func digit(c byte) bool { return c-'0' <= 9 }

// number reads a number and returns its text.
func (s *scanner) number() ([]byte, bool) {
	start := s.pos
	if s.buf[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.buf) && s.buf[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return nil, false
	}
	if s.pos < len(s.buf) && s.buf[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return nil, false
		}
	}
	if s.pos < len(s.buf) && s.buf[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.buf) && (s.buf[s.pos] == '+' || s.buf[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return nil, false
		}
	}
	return s.buf[start:s.pos], true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.buf) && digit(s.buf[s.pos]) {
		s.pos++
	}
	return s.pos > start || s.failHere("a digit")
}
