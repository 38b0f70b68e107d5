package event

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// LookAlike returns what makes the id look like another one, or nothing: blanks around it, invisible characters, full-width
// letters and digits, or characters that are composed in two ways. Two such ids would be two customers whom nobody can tell
// apart. Joiners within scripts and emoji that need them are fine.
func LookAlike(id string) string {
	if plain(id) {
		return ""
	}
	before, chinese := rune(0), strings.ContainsFunc(id, ideographic)
	for i, r := range id {
		at := utf8.RuneCountInString(id[:i]) + 1
		switch {
		case invisible(r) && !joins(before, r):
			return fmt.Sprintf("an invisible character (U+%04X), its %d.", r, at)
		case fullWidth(r, chinese):
			return fmt.Sprintf("a full-width character (U+%04X), its %d.", r, at)
		}
		before = r
	}
	switch {
	case strings.TrimSpace(id) != id:
		return "white space at its beginning or end"
	case !norm.NFC.IsNormalString(id):
		return "a letter and its accent as two characters (want Unicode NFC)"
	}
	return ""
}

// plain says whether the id is of ASCII without control characters, and no blanks are around it.
func plain(id string) bool {
	for i := range len(id) {
		if id[i] < ' ' || id[i] >= 0x7f {
			return false
		}
	}
	return id == "" || id[0] != ' ' && id[len(id)-1] != ' '
}

// invisible says whether the character has no width of its own, and does not belong to the letter before it.
func invisible(r rune) bool {
	return r == '\u00ad' || r == '\u180e' || r == '\ufeff' || r >= '\u200b' && r <= '\u200f' || r >= '\u202a' && r <= '\u202e' || r >= '\u2060' && r <= '\u2069'
}

// joiner says whether the character joins others or keeps them apart, as some scripts and emoji need it.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// joins says whether the character is a joiner behind one that may need it.
func joins(before, r rune) bool {
	return joiner(r) && before > unicode.MaxLatin1 && !unicode.IsSpace(before)
}

// fullWidth says whether the character is one of ASCII in double width. Punctuation of that width is good Chinese, in a text that
// is Chinese.
func fullWidth(r rune, chinese bool) bool {
	letter := r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ'
	return letter || !chinese && r >= '！' && r <= '～'
}

// ideographic says whether the character is of a script that has punctuation in double width.
func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo)
}

// CleanID returns the id without what LookAlike finds: invisible characters are dropped, characters of double width become those of
// ASCII, and letters are composed (NFC).
func CleanID(id string) string {
	for range id { // what is composed, or dropped, can make more to clean: each round leaves fewer characters
		clean := cleanOnce(id)
		if clean == id {
			break
		}
		id = clean
	}
	return id
}

func cleanOnce(id string) string {
	var b strings.Builder
	chinese, before := strings.ContainsFunc(id, ideographic), rune(0)
	for _, r := range id {
		switch {
		case fullWidth(r, chinese):
			r -= '！' - '!'
		case invisible(r) && !joins(before, r):
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return strings.TrimSpace(norm.NFC.String(b.String()))
}

// noLookAlikes is the part of LookAlike that a pattern can say, in characters as they are: the dialects of patterns escape them in
// different ways.
const noLookAlikes = "^[^" + whiteSpace + notInIDs + "]([^" + notInIDs + "]*[^" + whiteSpace + notInIDs + "])?$"

const (
	notInIDs   = `\x00-\x1f` + "\u00ad\u180e\ufeff\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069０-９Ａ-Ｚａ-ｚ"
	whiteSpace = " \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
)
