package rules

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"
)

// File is a rules file of Prometheus.
type File struct {
	Groups []Group `yaml:"groups"`
}

// Group is a list of rules that are evaluated one after the other.
type Group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval"`
	Rules    []Rule `yaml:"rules"`
}

// Rule is a recording rule (Record) or an alert (Alert and what follows Expr).
type Rule struct {
	Record        string            `yaml:"record,omitempty"`
	Alert         string            `yaml:"alert,omitempty"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for,omitempty"`
	KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
	Labels        map[string]string `yaml:"labels,omitempty"`
	Annotations   map[string]string `yaml:"annotations,omitempty"`
}

// Alerts returns the alerting rules of all groups, in their order.
func (f File) Alerts() []Rule {
	var all []Rule
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				all = append(all, r)
			}
		}
	}
	return all
}

func (f File) marshal(head string) ([]byte, error) {
	out := bytes.NewBufferString(head)
	encoder := yaml.NewEncoder(out, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
	if err := encoder.Encode(f); err != nil {
		return nil, fmt.Errorf("write rules as yaml: %w", err)
	}
	return out.Bytes(), nil
}
