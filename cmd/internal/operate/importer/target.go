package importer

import (
	"fmt"
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

// target is a field of the event, or a member of one of its maps, that a mapping fills.
type target struct {
	name   string // such as rating or quality.accuracy
	group  string // attributes, quality, answers, or empty
	member string // its name in the event's object, or in the group's
	order  int    // of the field in the event
}

// groups are the event's fields that are maps.
var groups = []string{"attributes", "quality", "answers"}

// targetOf returns the target that the name means under the configuration.
func targetOf(name string, cfg event.Config) (target, error) {
	group, member, inner := strings.Cut(name, ".")
	fields := event.FieldNames()
	if !inner {
		if i := slices.Index(fields, name); i >= 0 && !slices.Contains(groups, name) {
			return target{name: name, member: name, order: i}, nil
		}
		return target{}, unknownTarget(name, cfg)
	}
	t := target{name: name, group: group, member: member, order: slices.Index(fields, group)}
	known := members(group, cfg)
	switch {
	case !slices.Contains(groups, group), member == "":
		return target{}, unknownTarget(name, cfg)
	case group == "answers" || slices.Contains(known, member):
		return t, nil
	case len(known) == 0:
		return target{}, fmt.Errorf("field %q: no %s are declared in the configuration", name, group)
	}
	return target{}, fmt.Errorf("field %q: not declared in the configuration%s; want one of %s", name, suggest(member, known), strings.Join(known, ", "))
}

// members returns the declared members of the group.
func members(group string, cfg event.Config) (names []string) {
	switch group {
	case "attributes":
		return cfg.Attributes
	case "quality":
		for _, m := range cfg.Metrics() {
			names = append(names, m.Name)
		}
	}
	return names
}

func unknownTarget(name string, cfg event.Config) error {
	names := targetNames(cfg)
	return fmt.Errorf("field %q: unknown%s; the event's fields are %s and answers.<question>", name, suggest(name, names), strings.Join(names, ", "))
}

// targetNames returns all names that targetOf knows, but those of answers.
func targetNames(cfg event.Config) (names []string) {
	for _, f := range event.FieldNames() {
		if !slices.Contains(groups, f) {
			names = append(names, f)
			continue
		}
		for _, m := range members(f, cfg) {
			names = append(names, f+"."+m)
		}
	}
	return names
}
