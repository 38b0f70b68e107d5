package config

import "strings"

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	From    string `json:"from,omitempty"` // where it was said: satisflow.yaml:12, environment SATISFLOW_X, flag --x; empty for a default
	Message string `json:"message"`        // names the key, the value and what would be right
}

// String is the line for people.
func (p Problem) String() string {
	if p.From == "" {
		return p.Message
	}
	return p.From + ": " + p.Message
}

// Problems are all that is wrong; the error of Load.
type Problems []Problem

// Error has a line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}
