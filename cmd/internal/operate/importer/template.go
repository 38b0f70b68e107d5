package importer

import (
	"fmt"
	"slices"
	"strings"
)

// template makes the text of a field from a row: literal text and columns in turn.
type template struct {
	parts []part
}

// part is a literal, or a column if it has a name.
type part struct {
	literal  string
	column   column
	optional bool // {name?}: the column may be missing, from a row or altogether
}

// parseTemplate reads the right side of a mapping: =constant, {column} among text, or a column's name. Braces are doubled to
// stand for themselves. A name that is a column's is that column, whatever characters it has.
func parseTemplate(s string, columns []string) (template, error) {
	constant, isConstant := strings.CutPrefix(s, "=")
	switch {
	case find(columns, s).index >= 0:
		return template{[]part{{column: column{name: s}}}}, nil
	case isConstant && constant == "":
		return template{}, fmt.Errorf("the constant is empty")
	case isConstant:
		return template{[]part{{literal: constant}}}, nil
	case !strings.ContainsAny(s, "{}"):
		return template{[]part{{column: column{name: s}}}}, nil
	}
	return parseParts(s)
}

func parseParts(s string) (t template, err error) {
	literal := ""
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			literal += s
			break
		}
		literal += s[:i]
		if s = s[i:]; strings.HasPrefix(s, "{{") || strings.HasPrefix(s, "}}") {
			literal, s = literal+s[:1], s[2:]
			continue
		}
		end := strings.IndexByte(s, '}')
		if end < 2 {
			return template{}, fmt.Errorf("%q: want {column}, and doubled braces where they stand for themselves", s)
		}
		name, optional := strings.CutSuffix(s[1:end], "?")
		if literal != "" {
			t.parts = append(t.parts, part{literal: literal})
		}
		t.parts = append(t.parts, part{column: column{name: name}, optional: optional})
		literal, s = "", s[end+1:]
	}
	if literal != "" {
		t.parts = append(t.parts, part{literal: literal})
	}
	return t, nil
}

// bind finds the columns, also where the header has other white space in a name. Those that the file lacks are an error, unless
// they are optional.
func (t *template) bind(columns []string) error {
	for i := range t.parts {
		p := &t.parts[i]
		if p.column.name == "" {
			continue
		}
		p.column = find(columns, p.column.name)
		if p.column.index < 0 && !p.optional {
			return absent{fmt.Errorf("no column %q%s; the columns are %s (a constant has one more =, a column that rows may lack is {%s?})",
				p.column.name, suggest(p.column.name, columns), strings.Join(columns, ", "), p.column.name)}
		}
		if last := lastIndex(columns, p.column.name); last != p.column.index {
			return fmt.Errorf("column %q is there twice: give the columns different names", p.column.name)
		}
	}
	return nil
}

// missing returns the first column that the template needs and that is not among these.
func (t *template) missing(columns []string) string {
	for _, p := range t.parts {
		if p.column.name != "" && !p.optional && find(columns, p.column.name).index < 0 {
			return p.column.name
		}
	}
	return ""
}

// find returns the column of the name, or of the name with its white space as in a header of CSV; its index is -1 where it is not there.
func find(columns []string, name string) column {
	if i := slices.Index(columns, name); i >= 0 {
		return column{name, i}
	}
	if i := slices.Index(columns, squeeze(name)); i >= 0 {
		return column{columns[i], i}
	}
	return column{name, -1}
}

// squeeze returns the text with single spaces for all runs of white space, line ends too.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func lastIndex(names []string, name string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// value fills the template. One column alone keeps its kind; where a column that is not optional is missing, so is the whole:
// no identity is made from half of its parts.
func (t *template) value(r *row) cell {
	if len(t.parts) == 1 && t.parts[0].column.name != "" {
		return r.cell(t.parts[0].column)
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.column.name == "" {
			b.WriteString(p.literal)
			continue
		}
		c := r.cell(p.column)
		if c.kind == missing && !p.optional {
			return cell{}
		}
		b.WriteString(c.text)
	}
	return cell{kind: text, text: b.String()}
}

// String returns the template as it is written.
func (t *template) String() string {
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.column.name == "":
			if len(t.parts) == 1 {
				b.WriteString("the constant ")
			}
			b.WriteString(p.literal)
		case len(t.parts) == 1:
			b.WriteString(p.column.name)
		default:
			b.WriteString("{" + p.column.name + "}")
		}
	}
	return b.String()
}

// uses appends the names of the columns to those that are used.
func (t *template) uses(names []string) []string {
	for _, p := range t.parts {
		if p.column.name != "" {
			names = append(names, p.column.name)
		}
	}
	return names
}
