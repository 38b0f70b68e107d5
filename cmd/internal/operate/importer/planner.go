package importer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

// rule says which columns fill a target: the first of from that a row has.
type rule struct {
	target
	text string   // as it was written, for errors
	from []string // columns, templates or constants; empty leaves the target out
	may  bool     // the columns may lack: the preset's are those that an export can have
}

// planner knows what of a row becomes which field. It decides for each row by the columns of that row alone, so that neither the
// order of the rows nor the file that a row stands in changes what becomes of it.
type planner struct {
	ec     event.Config
	preset *Preset
	rules  []rule
	values map[string]map[string]string // by target: what stands in the place of a value; "*" is any other, "" a missing one
	keys   []string                     // columns that are used beside the mappings'

	last   *plan
	shapes map[string]*plan
	seen   columnSet
	used   map[string]bool
}

// newPlanner reads the rules of the configuration.
func newPlanner(cfg Config, ec event.Config) (*planner, error) {
	p := &planner{ec: ec, values: map[string]map[string]string{}, shapes: map[string]*plan{}, used: map[string]bool{}}
	for _, m := range cfg.Map {
		r, err := parseRule(m, ec)
		if err == nil && p.rule(r.name) != nil {
			err = fmt.Errorf("field %q is mapped twice", r.name)
		}
		if err != nil {
			return nil, usage("map %s: %w", m, err)
		}
		p.rules = append(p.rules, r)
	}
	for _, text := range cfg.Values {
		if err := p.substitute(text); err != nil {
			return nil, err
		}
	}
	return p, p.merge(cfg.Preset)
}

// merge adds what the preset says of fields and values that the configuration says nothing of.
func (p *planner) merge(preset *Preset) error {
	if preset == nil {
		return nil
	}
	p.preset = preset
	for _, name := range slices.Sorted(maps.Keys(preset.Map)) {
		t, err := targetOf(name, p.ec)
		if err != nil {
			return usage("preset %s: map: %w", preset.Name, err)
		}
		if p.rule(name) == nil {
			p.rules = append(p.rules, rule{target: t, from: preset.Map[name], may: true})
		}
	}
	for field, pairs := range preset.Values {
		if r := p.rule(field); r == nil || !slices.Equal(r.from, preset.Map[field]) {
			continue // the user's own column has other values
		}
		for from, to := range pairs {
			if _, own := p.values[field][from]; own {
				continue
			}
			if p.values[field] == nil {
				p.values[field] = map[string]string{}
			}
			p.values[field][from] = to
		}
	}
	return nil
}

// parseRule reads field=column, field={column}-{column}, field==constant or field=.
func parseRule(text string, ec event.Config) (rule, error) {
	name, right, found := strings.Cut(text, "=")
	t, err := targetOf(strings.TrimSpace(name), ec)
	if !found {
		err = cmp.Or(err, fmt.Errorf("want field=column, 'field={column}-{column}' or field==constant"))
	}
	r := rule{target: t, text: text}
	if right != "" {
		r.from = []string{right}
	}
	return r, err
}

func (p *planner) rule(name string) *rule {
	for i := range p.rules {
		if p.rules[i].name == name {
			return &p.rules[i]
		}
	}
	return nil
}

// substitute reads a rule field:from=to.
func (p *planner) substitute(text string) error {
	field, pair, ok := strings.Cut(text, ":")
	from, to, ok2 := strings.Cut(pair, "=")
	if !ok || !ok2 {
		return usage("value %s: want field:from=to, such as channel:1=elective", text)
	}
	t, err := targetOf(strings.TrimSpace(field), p.ec)
	if err != nil {
		return usage("value %s: %w", text, err)
	}
	if _, twice := p.values[t.name][from]; twice {
		return usage("value %s: %q is replaced twice", text, from)
	}
	if p.values[t.name] == nil {
		p.values[t.name] = map[string]string{}
	}
	p.values[t.name][from] = to
	return nil
}

// mapped says whether a rule fills the target, and not only a column of its name.
func (p *planner) mapped(name string) bool {
	r := p.rule(name)
	return r != nil && len(r.from) > 0
}

// of returns the plan for the row.
func (p *planner) of(r *row) *plan {
	if p.last != nil && slices.Equal(p.last.columns, r.columns) {
		return p.last
	}
	const most, longest = 1000, 64 << 10 // of shapes that are kept
	key := strings.Join(r.columns, "\x00")
	plan := p.shapes[key]
	if plan == nil {
		plan, _ = p.plan(r.columns, false)
		if len(p.shapes) < most && len(key) < longest {
			p.shapes[key] = plan
		}
		p.seen.add(r.columns)
		for i := range plan.mappings {
			for _, name := range plan.mappings[i].uses() {
				p.used[name] = true
			}
		}
	}
	p.last = plan
	return plan
}

// unused returns the columns so far that nothing took.
func (p *planner) unused() []string {
	return slices.DeleteFunc(slices.Clone(p.seen.names), func(c string) bool { return p.used[c] || slices.Contains(p.keys, c) })
}

// absent returns the columns that rules name and no row had.
func (p *planner) absent() (names []string) {
	for _, r := range p.rules {
		if r.may {
			continue
		}
		had, wanted := false, ""
		for _, from := range r.from {
			t, err := parseTemplate(from, p.seen.names)
			if err != nil {
				continue
			}
			missing := t.missing(p.seen.names)
			had, wanted = had || missing == "", cmp.Or(wanted, missing)
		}
		if !had && wanted != "" {
			names = append(names, wanted)
		}
	}
	return names
}

// check returns an error if the rules do not fit a file that has these columns and no other.
func (p *planner) check(columns []string, spread bool) error {
	plan, err := p.plan(columns, true)
	if err != nil {
		return err
	}
	for name := range p.values {
		if plan.find(name) == nil {
			return absent{usage("value %s:…: field %q gets no column: map it first", name, name)}
		}
	}
	return plan.lacking(spread, p.preset)
}

// plan returns what rows with the columns become. Only a strict one has errors: about columns that are not there, or twice.
func (p *planner) plan(columns []string, strict bool) (*plan, error) {
	out := &plan{columns: columns}
	for _, r := range p.rules {
		if err := out.add(r.target, r.from, strict); err != nil && strict && !r.may {
			return nil, usage("map %s: %w", r.text, err)
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(columns))) {
		t, err := targetOf(name, p.ec)
		if err != nil || p.rule(name) != nil {
			continue
		}
		if err := out.add(t, []string{name}, strict); err != nil && strict {
			return nil, usage("column %s: %w", name, err)
		}
	}
	for i := range out.mappings {
		out.mappings[i].values = p.values[out.mappings[i].name]
	}
	slices.SortFunc(out.mappings, func(a, b mapping) int {
		return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.member, b.member))
	})
	return out, nil
}

// columnSet keeps names in the order in which they came first. What a stranger's file may fill it with is bounded.
type columnSet struct {
	names []string
	known map[string]bool
}

func (s *columnSet) add(names []string) {
	const most = 2000
	for _, n := range names {
		if !s.known[n] && len(s.names) < most {
			if s.known == nil {
				s.known = map[string]bool{}
			}
			s.known[n] = true
			s.names = append(s.names, n)
		}
	}
}
