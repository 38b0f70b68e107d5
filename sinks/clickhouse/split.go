package clickhouse

import (
	"errors"
	"strings"
)

// split returns the statements of a script, without the semicolons between them. Semicolons in quotes, heredocs and
// comments separate nothing; a piece of comments and blanks alone is no statement.
func split(script string) ([]string, error) {
	var statements []string
	start, hasCode := 0, false
	end := func(i int) {
		if s := strings.TrimSpace(script[start:i]); hasCode {
			statements = append(statements, s)
		}
		start, hasCode = i+1, false
	}
	for i := 0; i < len(script); {
		switch n, kind := token(script[i:]); kind {
		case unended:
			return nil, errors.New("a quote or comment does not end")
		case separator:
			end(i)
			i += n
		default:
			hasCode = hasCode || kind == code
			i += n
		}
	}
	end(len(script))
	return statements, nil
}

// tokenKind is what split needs to know of a piece of a script.
type tokenKind int

const (
	code      tokenKind = iota // part of a statement
	blank                      // white space or a comment
	separator                  // a semicolon between statements
	unended                    // a quote or comment that the script's end cuts off
)

// token returns the length and kind of the first token.
func token(s string) (int, tokenKind) {
	switch c := s[0]; {
	case c == ';':
		return 1, separator
	case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		return 1, blank
	case strings.HasPrefix(s, "--") || c == '#':
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return i, blank
		}
		return len(s), blank
	case strings.HasPrefix(s, "/*"):
		if i := strings.Index(s[2:], "*/"); i >= 0 {
			return i + 4, blank
		}
		return 0, unended
	case c == '\'' || c == '"' || c == '`':
		return quoted(s)
	case c == '$':
		return heredoc(s)
	}
	return 1, code
}

// quoted returns the length of the quoted piece that s begins with. A doubled quote ends it and begins the next, which
// comes to the same.
func quoted(s string) (int, tokenKind) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1, code
		}
	}
	return 0, unended
}

// heredoc returns the length of $tag$ … $tag$, or of the dollar sign alone when there is no such tag.
func heredoc(s string) (int, tokenKind) {
	n := strings.IndexByte(s[1:], '$')
	if n < 0 || strings.ContainsFunc(s[1:n+1], func(r rune) bool { return r != '_' && !('0' <= r && r <= '9' || 'a' <= r|32 && r|32 <= 'z') }) {
		return 1, code
	}
	tag := s[:n+2]
	if i := strings.Index(s[len(tag):], tag); i >= 0 {
		return i + 2*len(tag), code
	}
	return 0, unended
}
