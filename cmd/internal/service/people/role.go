package people

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what somebody is to the system; each has the permissions of the table.
type Role string

const (
	Producer Role = "producer" // an upstream service that sends ratings, and sees nothing
	Viewer   Role = "viewer"   // sees figures; personal data is masked
	Agent    Role = "agent"    // works on alerts, cases and measures, and sees the customers of its scope
	Analyst  Role = "analyst"  // examines figures, makes surveys and reports, proposes exclusions; personal data is masked
	Admin    Role = "admin"    // may do everything
)

// Roles are all roles, the least powerful first.
var Roles = []Role{Producer, Viewer, Agent, Analyst, Admin}

// ParseRole returns the role of the name.
func ParseRole(name string) (Role, error) {
	if r := Role(name); slices.Contains(Roles, r) {
		return r, nil
	}
	names := make([]string, len(Roles))
	for i, r := range Roles {
		names[i] = string(r)
	}
	return "", fmt.Errorf("role: %q: want one of %s", name, strings.Join(names, ", "))
}

// Scope limits what somebody sees and works on; an empty list is no limit.
type Scope struct {
	Services []string `json:"services,omitempty"`
	Segments []string `json:"segments,omitempty"`
}

// Whole says whether the scope has no limit.
func (s Scope) Whole() bool { return len(s.Services) == 0 && len(s.Segments) == 0 }

// Holds says whether something of the service and segment is within the scope; an empty segment is that of customers without
// one, and only within a scope without segments.
func (s Scope) Holds(service, segment string) bool {
	return (len(s.Services) == 0 || slices.Contains(s.Services, service)) &&
		(len(s.Segments) == 0 || slices.Contains(s.Segments, segment))
}

// Within says whether everything in the scope is in the other one: nobody gives more than he has.
func (s Scope) Within(other Scope) bool {
	return within(s.Services, other.Services) && within(s.Segments, other.Segments)
}

func within(some, all []string) bool {
	if len(all) == 0 {
		return true
	}
	return len(some) > 0 && !slices.ContainsFunc(some, func(x string) bool { return !slices.Contains(all, x) })
}
