package importer

import (
	"cmp"
	"slices"
	"strings"
)

// mapping fills one target from a row.
type mapping struct {
	target
	sources []template // the first one that the row has a value for counts
	values  map[string]string
}

// plan says what of the rows with certain columns becomes which field, in the order of the event's fields.
type plan struct {
	columns  []string
	mappings []mapping
}

// add maps the target to the first of the sources. It returns an error if the columns have none of them.
func (p *plan) add(t target, from []string, strict bool) error {
	if len(from) == 0 {
		return nil
	}
	m := mapping{target: t}
	var wrong error
	for _, text := range from {
		parsed, err := parseTemplate(text, p.columns)
		if err == nil {
			err = parsed.bind(p.columns)
		}
		if err == nil || !strict && parsed.parts != nil {
			m.sources = append(m.sources, parsed)
		}
		wrong = cmp.Or(wrong, err)
	}
	if len(m.sources) == 0 {
		return wrong
	}
	p.mappings = append(p.mappings, m)
	return nil
}

// find returns the mapping of the field, or nil.
func (p *plan) find(name string) *mapping {
	for i := range p.mappings {
		if p.mappings[i].name == name {
			return &p.mappings[i]
		}
	}
	return nil
}

// uses returns the columns that the mapping reads.
func (m *mapping) uses() (names []string) {
	for i := range m.sources {
		names = m.sources[i].uses(names)
	}
	return names
}

// value returns what the row has for the target.
func (m *mapping) value(r *row) (c cell) {
	for i := range m.sources {
		if c = m.sources[i].value(r); c.kind != missing {
			break
		}
	}
	if m.values == nil {
		return c
	}
	to, found := m.values[c.text]
	if !found && c.kind != missing {
		to, found = m.values["*"]
	}
	switch {
	case !found:
		return c
	case to == "":
		return cell{}
	}
	return cell{kind: text, text: to}
}

// lacking returns an error if no row could be a rating.
func (p *plan) lacking(spread bool, preset *Preset) error {
	columns := strings.Join(p.columns, ", ")
	want := func(names ...string) error {
		for _, n := range names {
			if p.find(n) != nil {
				return nil
			}
		}
		return absent{usage("nothing gives %s: add --map %s=COLUMN%s; the columns are %s", strings.Join(names, " or "), names[0], preset.need(names[0]), columns)}
	}
	if err := want("customer_id"); err != nil {
		return err
	}
	if p.find("occurred_at") == nil && !spread {
		return absent{usage("nothing gives occurred_at: add --map occurred_at=COLUMN, or --spread FROM..TO if the file has no times%s; the columns are %s", preset.need("occurred_at"), columns)}
	}
	if p.find("op") != nil {
		return nil
	}
	if err := want("service"); err != nil {
		return err
	}
	answers := slices.ContainsFunc(p.mappings, func(m mapping) bool { return m.group == "answers" })
	if answers {
		return nil
	}
	return want("rating", "comment")
}
