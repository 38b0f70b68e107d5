package engine

import "strings"

// scanner walks over the words of a SQL text that stand outside of brackets, quotes and comments.
type scanner struct {
	sql   string
	at    int
	depth int
}

// newScanner begins behind the brackets that may enclose a whole SELECT.
func newScanner(sql string) *scanner {
	return &scanner{sql: sql, at: len(sql) - len(strings.TrimLeft(sql, " \t\r\n("))}
}

func (s *scanner) rest() string { return s.sql[s.at:] }

// next returns the next word in upper case and where it begins; an empty word at the end of the text.
func (s *scanner) next() (word string, start int) {
	for s.at < len(s.sql) {
		switch c := s.sql[s.at]; {
		case strings.HasPrefix(s.rest(), "--"), c == '#':
			s.skipTo("\n")
		case strings.HasPrefix(s.rest(), "/*"):
			s.skipTo("*/")
		case c == '\'' || c == '"' || c == '`':
			s.skipQuoted(c)
		case c == '(' || c == '[' || c == '{':
			s.depth++
			s.at++
		case c == ')' || c == ']' || c == '}':
			s.depth = max(0, s.depth-1)
			s.at++
		case isWordByte(c):
			if word, start = s.word(); s.depth == 0 {
				return word, start
			}
		default:
			s.at++
		}
	}
	return "", s.at
}

func (s *scanner) word() (string, int) {
	start := s.at
	for s.at < len(s.sql) && isWordByte(s.sql[s.at]) {
		s.at++
	}
	return strings.ToUpper(s.sql[start:s.at]), start
}

func (s *scanner) skipTo(end string) {
	if n := strings.Index(s.rest(), end); n >= 0 {
		s.at += n + len(end)
	} else {
		s.at = len(s.sql)
	}
}

func (s *scanner) skipQuoted(quote byte) {
	for s.at++; s.at < len(s.sql) && s.sql[s.at] != quote; s.at++ {
		if s.sql[s.at] == '\\' {
			s.at++
		}
	}
	s.at = min(s.at+1, len(s.sql))
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
