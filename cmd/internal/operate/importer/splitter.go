package importer

import (
	"bytes"
	"strings"
)

// state says how a record of CSV stands.
type state uint8

const (
	complete  state = iota // all of its values were read
	open                   // a quote is open at the end of the line: the next one belongs to it
	malformed              // something follows a closing quote
)

// splitter cuts the lines of one record into its values. Each byte is looked at once, however many lines there are.
type splitter struct {
	delimiter byte
	cells     []cell
	value     strings.Builder // of the quoted value
	open      bool
}

// feed takes the next line of the record.
func (s *splitter) feed(line []byte) state {
	if s.open {
		s.value.WriteByte('\n')
	}
	for more := true; more; {
		if trimmed := bytes.TrimLeft(line, " "); !s.open && (len(trimmed) == 0 || trimmed[0] != '"') {
			var plain []byte
			plain, line, more = bytes.Cut(line, []byte{s.delimiter})
			s.add(string(plain))
			continue
		} else if !s.open {
			s.open, line = true, trimmed[1:]
			s.value.Reset()
		}
		var st state
		if line, more, st = s.quoted(line); st != complete {
			return st
		}
	}
	return complete
}

// quoted reads to the end of the quoted value; more says that another one follows in rest.
func (s *splitter) quoted(line []byte) (rest []byte, more bool, st state) {
	for {
		text, after, closed := bytes.Cut(line, []byte{'"'})
		s.value.Write(text)
		if !closed {
			return nil, false, open
		}
		if line = after; len(line) > 0 && line[0] == '"' {
			s.value.WriteByte('"')
			line = line[1:]
			continue
		}
		blank, rest, more := bytes.Cut(line, []byte{s.delimiter})
		if len(bytes.TrimSpace(blank)) > 0 {
			return nil, false, malformed
		}
		s.open = false
		s.add(s.value.String())
		return rest, more, complete
	}
}

func (s *splitter) add(value string) { s.cells = append(s.cells, textCell(value)) }

// textCell returns the cell of a text; one of blanks alone is none.
func textCell(value string) cell {
	c := cell{kind: text, text: strings.TrimSpace(value)}
	if inner, ok := strings.CutPrefix(c.text, `="`); ok && strings.HasSuffix(inner, `"`) && strings.Count(inner, `"`) == 1 {
		c.text = strings.TrimSuffix(inner, `"`) // how a spreadsheet is told that 00512 is text
	}
	if c.text == "" {
		return cell{}
	}
	return c
}
