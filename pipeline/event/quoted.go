package event

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// str reads a string.
func (s *scanner) str() (string, bool) {
	start := s.pos + 1
	i := plainEnd(s.buf, start)
	if i < len(s.buf) {
		switch s.buf[i] {
		case '"':
			s.pos = i + 1
			return view(s.buf[start:i]), true
		case '\\':
			return s.escaped(start, i)
		}
	}
	s.pos = i
	return "", s.failHere("the end of the string; a control character must be escaped")
}

// plainEnd returns the index, from i on, of the first byte that is a quote, a backslash or a control character. It looks
// at eight bytes at once; the lowest bit that is set is exact, whatever is borrowed above it.
func plainEnd(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(b)-i >= 8 {
		w := binary.LittleEndian.Uint64(b[i : i+8])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		hit := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
		i += 8
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
		i++
	}
	return i
}

// escaped reads the rest of a string that starts at start and has a backslash at i.
func (s *scanner) escaped(start, i int) (string, bool) {
	begin := len(s.text)
	for {
		s.text = append(s.text, s.buf[start:i]...)
		s.pos = i
		switch {
		case i < len(s.buf) && s.buf[i] == '"':
			s.pos++
			return view(s.text[begin:]), true
		case i < len(s.buf) && s.buf[i] == '\\':
			if !s.escape() {
				return "", false
			}
		default:
			return "", s.failHere("the end of the string; a control character must be escaped")
		}
		start = s.pos
		i = plainEnd(s.buf, start)
	}
}

func (s *scanner) escape() bool {
	s.pos++
	if s.pos >= len(s.buf) {
		return s.failHere("an escape")
	}
	c := s.buf[s.pos]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return s.unicode()
	default:
		return s.failHere(`one of " \ / b f n r t u after a backslash`)
	}
	s.text = append(s.text, c)
	s.pos++
	return true
}

// unicode reads an escape at its u, with the second half of a surrogate pair.
func (s *scanner) unicode() bool {
	at := s.pos - 1
	r, ok := s.hex()
	if !ok {
		return false
	}
	if utf16.IsSurrogate(r) {
		var low rune
		if s.pos+1 < len(s.buf) && s.buf[s.pos] == '\\' && s.buf[s.pos+1] == 'u' {
			s.pos++
			if low, ok = s.hex(); !ok {
				return false
			}
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return s.fail(at, "half of a surrogate pair", "both halves, the high one first")
		}
	}
	s.text = utf8.AppendRune(s.text, r)
	return true
}

// hex reads the four digits after a u.
func (s *scanner) hex() (rune, bool) {
	var r rune
	for range 4 {
		s.pos++
		var c byte
		if s.pos < len(s.buf) {
			c = s.buf[s.pos]
		}
		switch {
		case digit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, s.failHere(`four hexadecimal digits after \u`)
		}
	}
	s.pos++
	return r, true
}

// view returns the bytes as a string without copying them.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
