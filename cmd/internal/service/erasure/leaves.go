package erasure

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// leaf is a value of a record, the name that it stands under and the name around that; a name is empty where there is none.
type leaf struct{ around, name, value string }

const (
	maxNesting = 5      // of texts in texts
	maxLeaves  = 50_000 // of one record
)

// leavesOf reads values and their names from a record that need not be right: JSON that was cut, with single quotes, with a
// name twice or with bytes that are no UTF-8; JSON in a text, in base64, in an array; form encoding. A value is returned in
// every form that it decodes to.
func leavesOf(record string) []leaf {
	w := leafWalk{}
	w.walk(record, leaf{}, 0)
	return w.leaves
}

type leafWalk struct{ leaves []leaf }

// walk adds the leaves of a text that stands under the names.
func (w *leafWalk) walk(text string, under leaf, depth int) {
	names, at := []leaf{under}, under // at holds the names of the value that comes next
	word, has := "", false
	flush := func() {
		if has {
			at.value, has = word, false
			w.add(at, depth)
		}
	}
	for t := (tokens{text: text}); len(w.leaves) < maxLeaves; {
		kind, value := t.next()
		switch kind {
		case 0:
			flush()
			return
		case 'w':
			flush()
			word, has = value, true
		case ':', '=':
			if has {
				at, has = leaf{around: names[len(names)-1].name, name: word}, false
			}
		case '{', '[':
			flush()
			names = append(names, at)
		case '}', ']':
			flush()
			if at = names[len(names)-1]; len(names) > 1 {
				names = names[:len(names)-1]
			}
		case '\n':
			flush()
		default: // between two fields or elements
			flush()
			at = names[len(names)-1]
		}
	}
}

// add adds the leaf, and what its value decodes to.
func (w *leafWalk) add(l leaf, depth int) {
	w.leaves = append(w.leaves, l)
	if depth >= maxNesting {
		return
	}
	for _, form := range decodings(l.value) {
		if strings.ContainsAny(form, `{[=:"'&,`) {
			w.walk(form, l, depth+1)
		}
		if form != l.value {
			w.add(leaf{l.around, l.name, form}, depth+1)
		}
	}
}

// decodings are the value itself and what it may be an encoding of.
func decodings(value string) []string {
	forms := []string{value}
	if strings.Contains(value, `\`) {
		forms = append(forms, unescaped(value))
	}
	if strings.ContainsAny(value, "%+") {
		if s, err := url.QueryUnescape(value); err == nil {
			forms = append(forms, s)
		}
	}
	if s, ok := fromBase64(value); ok {
		forms = append(forms, s)
	}
	return forms
}

// fromBase64 decodes what looks like base64 and holds text.
func fromBase64(s string) (string, bool) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	if len(s) < 4 || strings.ContainsAny(s, " {") {
		return "", false
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		encoding = base64.RawURLEncoding
	}
	b, err := encoding.DecodeString(s)
	return string(b), err == nil && utf8.Valid(b)
}

// tokens cuts a text into words and what separates them.
type tokens struct {
	text string
	at   int
}

// next returns 'w' and a word without its quotes, or a separator; 0 at the end.
func (t *tokens) next() (kind byte, word string) {
	for t.at < len(t.text) {
		switch c := t.text[t.at]; c {
		case ' ', '\t':
			t.at++
		case '\n', '\r':
			t.at++
			return '\n', ""
		case '{', '}', '[', ']', ':', '=', ',', '&', ';', '<', '>':
			t.at++
			return c, ""
		case '"', '\'':
			return 'w', t.quoted(c)
		default:
			return 'w', t.bare()
		}
	}
	return 0, ""
}

// quoted reads to the closing quote, or to the end of a record that was cut.
func (t *tokens) quoted(quote byte) string {
	begin := t.at + 1
	for i := begin; i < len(t.text); i++ {
		switch t.text[i] {
		case '\\':
			i++
		case quote:
			t.at = i + 1
			return unescaped(t.text[begin:i])
		}
	}
	t.at = len(t.text)
	return unescaped(t.text[begin:])
}

func (t *tokens) bare() string {
	begin := t.at
	n := strings.IndexAny(t.text[begin+1:], " \t\r\n{}[]:=,&;<>\"'")
	if t.at = begin + 1 + n; n < 0 {
		t.at = len(t.text)
	}
	// An equals sign before which a value would be missing is base64's.
	if rest := strings.TrimLeft(t.text[t.at:], "="); rest == "" || strings.IndexByte(" \t\r\n,;&", rest[0]) >= 0 {
		t.at = len(t.text) - len(rest)
	}
	return t.text[begin:t.at]
}

// unescaped replaces JSON's escapes; what is none stays.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		text, n := escape(s[i:])
		b.WriteString(text)
		s = s[i+n:]
	}
	return b.String()
}

// escape returns what the escape that s begins with stands for, and its length.
func escape(s string) (string, int) {
	if i := strings.IndexByte(`nrtbf`, s[1]); i >= 0 {
		return "\n\r\t\b\f"[i : i+1], 2
	}
	if s[1] != 'u' {
		return s[1:2], 2
	}
	r, ok := hex4(s)
	if !ok {
		return s[:2], 2
	}
	if low, both := hex4(s[6:]); both && utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return string(pair), 12
		}
	}
	return string(r), 6
}

// hex4 reads \uXXXX.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
