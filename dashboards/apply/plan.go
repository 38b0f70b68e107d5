package apply

import (
	"fmt"
	"strings"
)

// Action is what is to be done with an object.
type Action string

const (
	// Unchanged is as it should be.
	Unchanged Action = "unchanged"
	// Create is missing.
	Create Action = "create"
	// Update differs.
	Update Action = "update"
)

// Step is one object of the plan.
type Step struct {
	Kind        string // folder, data source, dashboard, alert rule, contact point or notification policy
	UID         string
	Title       string
	Action      Action
	Differences []string // of an update: path: what is there → what will be
	Hidden      bool     // whether Grafana does not show what is there, so that it is sent again each time
	Done        bool     // whether the action was carried out and what is there then is as it was sent
}

// Plan is what was found, in the order in which it is carried out, and how far that came.
type Plan struct {
	// Version is Grafana's.
	Version string
	Steps   []Step
	// Warnings are what works only in part.
	Warnings []string
}

// Changes is how many steps change something.
func (p Plan) Changes() (n int) {
	for _, s := range p.Steps {
		if s.Action != Unchanged {
			n++
		}
	}
	return n
}

// String is the plan for people, a line a step and its differences beneath.
func (p Plan) String() string {
	var b strings.Builder
	for _, s := range p.Steps {
		done := ""
		if s.Done {
			done = ", done"
		}
		fmt.Fprintf(&b, "%-9s %s %s (%s)%s\n", s.Action, s.Kind, s.Title, s.UID, done)
		for _, d := range s.Differences {
			fmt.Fprintf(&b, "            %s\n", d)
		}
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}
