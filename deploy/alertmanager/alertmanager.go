// Package alertmanager owns where alerts go: the configuration of Alertmanager, with its templates and examples beside it.
// Which alerts there are is dashboards/rules'. Its tests hold the configuration with Alertmanager's own tool and with a
// real one: every alert that the rules can raise reaches its receiver, and what should be silent is.
package alertmanager

import (
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml"
)

//go:embed alertmanager.yml
var configuration []byte

// Unsent is the configuration with its routes and inhibitions, and receivers that send nothing: what would be sent can be
// looked at in Alertmanager's pages.
func Unsent() ([]byte, error) {
	var config map[string]any
	if err := yaml.Unmarshal(configuration, &config); err != nil {
		return nil, fmt.Errorf("read the configuration of Alertmanager: %w", err)
	}
	var names struct {
		Receivers []struct {
			Name string `yaml:"name"`
		} `yaml:"receivers"`
	}
	if err := yaml.Unmarshal(configuration, &names); err != nil {
		return nil, fmt.Errorf("read the receivers of Alertmanager: %w", err)
	}
	config["receivers"] = names.Receivers
	delete(config, "templates")
	delete(config, "global")
	return yaml.Marshal(config)
}
