package engine

import "strings"

// statement is what the front must know of a request's SQL: whether data follows it, and in which format it answers.
type statement struct {
	kind statementKind
	// sql is the text to run; that of an insertion ends before FORMAT or VALUES.
	sql string
	// format is the one that the text names, empty if it names none.
	format string
	// inline is the data that stands behind an insertion's FORMAT or VALUES.
	inline string
}

type statementKind int

const (
	// kindOther runs and answers whole: DDL, SHOW, INSERT … SELECT.
	kindOther statementKind = iota
	// kindSelect can be streamed.
	kindSelect
	// kindInsert takes data, inline, in the body, or both.
	kindInsert
)

// parseStatement looks at the words outside of brackets, quotes and comments. It judges nothing: what it can't place
// is kindOther, and the engine says what is wrong with it.
func parseStatement(sql string) statement {
	words := newScanner(sql)
	switch verb, _ := words.next(); verb {
	case "INSERT":
		return parseInsert(words)
	case "SELECT", "WITH":
		return parseSelect(verb, words)
	default:
		return statement{kind: kindOther, sql: sql, format: trailingFormat(words)}
	}
}

func parseInsert(words *scanner) statement {
	for word, start := words.next(); word != ""; word, start = words.next() {
		switch word {
		case "SELECT", "WITH", "INFILE", "WATCH":
			return statement{kind: kindOther, sql: words.sql}
		case "VALUES":
			return statement{kind: kindInsert, sql: words.sql[:start], format: "Values", inline: words.rest()}
		case "FORMAT":
			_, from := words.next()
			format := words.sql[from:words.at]
			return statement{kind: kindInsert, sql: words.sql[:start], format: format, inline: dataAfterFormat(words.rest())}
		}
	}
	return statement{kind: kindInsert, sql: words.sql, format: "Values"}
}

// dataAfterFormat drops the blanks, or the rest of the line, that separate data from the format's name.
func dataAfterFormat(s string) string {
	s = strings.TrimLeft(s, " \t\r")
	return strings.TrimPrefix(s, "\n")
}

func parseSelect(verb string, words *scanner) statement {
	s := statement{kind: kindSelect, sql: words.sql}
	for word, _ := words.next(); word != ""; word, _ = words.next() {
		switch {
		case verb == "WITH" && word == "INSERT":
			return statement{kind: kindOther, sql: words.sql}
		case word == "FORMAT":
			_, from := words.next()
			s.format = words.sql[from:words.at]
		}
	}
	return s
}

func trailingFormat(words *scanner) string {
	return parseSelect("", words).format
}
