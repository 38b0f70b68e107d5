package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

// mapping fills one target from a row.
type mapping struct {
	target
	template
	values map[string]string // what stands in the place of a value; "*" is any other, "" a missing one
}

// plan says what of a row becomes which field, in the order of the event's fields.
type plan struct {
	mappings []mapping
	unused   []string // columns of the file that no mapping uses
}

// newPlan reads the mappings of the configuration for a file with the columns. A column that has the name of a field fills it
// unless a mapping says otherwise.
func newPlan(cfg Config, ec event.Config, columns []string) (*plan, error) {
	p, omitted := &plan{}, map[string]bool{}
	for _, m := range cfg.Map {
		name, right, found := strings.Cut(m, "=")
		t, err := targetOf(strings.TrimSpace(name), ec)
		if !found {
			err = cmp.Or(err, fmt.Errorf("want field=column, 'field={column}-{column}' or field==constant"))
		}
		switch {
		case err != nil:
		case omitted[t.name] || p.find(t.name) != nil:
			err = fmt.Errorf("field %q is mapped twice", t.name)
		case right == "":
			omitted[t.name] = true
		default:
			err = p.add(t, right, columns)
		}
		if err != nil {
			return nil, usage("map %s: %w", m, err)
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(columns))) {
		if t, err := targetOf(name, ec); err == nil && !omitted[name] && p.find(name) == nil {
			if err := p.add(t, name, columns); err != nil {
				return nil, usage("column %s: %w", name, err)
			}
		}
	}
	slices.SortFunc(p.mappings, func(a, b mapping) int {
		return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.member, b.member))
	})
	p.findUnused(columns)
	return p, p.substitute(cfg.Values)
}

func (p *plan) add(t target, right string, columns []string) error {
	parsed, err := parseTemplate(right, columns)
	if err != nil {
		return err
	}
	if err := parsed.bind(columns); err != nil {
		return err
	}
	p.mappings = append(p.mappings, mapping{target: t, template: parsed})
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

func (p *plan) findUnused(columns []string) {
	var used []string
	for i := range p.mappings {
		used = p.mappings[i].uses(used)
	}
	for _, c := range columns {
		if !slices.Contains(used, c) {
			p.unused = append(p.unused, c)
		}
	}
}

// substitute reads rules field:from=to.
func (p *plan) substitute(rules []string) error {
	for _, rule := range rules {
		field, pair, ok := strings.Cut(rule, ":")
		from, to, ok2 := strings.Cut(pair, "=")
		if !ok || !ok2 {
			return usage("value %s: want field:from=to, such as channel:1=elective", rule)
		}
		m := p.find(strings.TrimSpace(field))
		if m == nil {
			return usage("value %s: field %q gets no column: map it first", rule, field)
		}
		if _, twice := m.values[from]; twice {
			return usage("value %s: %q is replaced twice", rule, from)
		}
		if m.values == nil {
			m.values = map[string]string{}
		}
		m.values[from] = to
	}
	return nil
}

// value returns what the row has for the target.
func (m *mapping) value(r *row) cell {
	c := m.template.value(r)
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
func (p *plan) lacking(spread bool, columns []string) error {
	want := func(names ...string) error {
		for _, n := range names {
			if p.find(n) != nil {
				return nil
			}
		}
		return usage("nothing gives %s: add --map %s=COLUMN; the columns are %s", strings.Join(names, " or "), names[0], strings.Join(columns, ", "))
	}
	if err := want("customer_id"); err != nil {
		return err
	}
	if p.find("occurred_at") == nil && !spread {
		return usage("nothing gives occurred_at: add --map occurred_at=COLUMN, or --spread FROM..TO if the file has no times; the columns are %s", strings.Join(columns, ", "))
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
