package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// Config is everything that the rules depend on.
type Config struct {
	// Target is what is to be reached.
	Target Target `yaml:"target"`
	// Bands are the thresholds of the score, for the texts.
	Bands window.Bands `yaml:"bands"`
	// Windows are the configured windows; those that Burns and Leading name must be among them.
	Windows []window.Spec `yaml:"windows"`
	// Dimensions are those that target alerts are raised for; the processor must export them.
	Dimensions []string `yaml:"dimensions"`
	// Burns are the target alerts.
	Burns []Burn `yaml:"burns"`
	// Silence says when a service without ratings is one.
	Silence Silence `yaml:"silence"`
	// Quality are the metrics that have a standard for each service.
	Quality []event.Metric `yaml:"quality"`
	// Leading says when a mean is beyond its service's standard.
	Leading Leading `yaml:"leading"`
	// DimensionValues is how many values a rolled dimension may have.
	DimensionValues int `yaml:"dimension_values"`
	// Verify is the time between two comparisons of the sums with their ratings; 0 is that there are none.
	Verify time.Duration `yaml:"verify"`
	// CustomerAlerts says whether a gateway raises alerts on customers, so that their absence is a fault.
	CustomerAlerts bool `yaml:"customer_alerts"`
	// RunbookBase stands before /ALERT.md in the link of each alert: a gateway serves the runbooks below /runbooks.
	RunbookBase string `yaml:"runbook_base"`
	// DashboardURL is the address of the on-call dashboard.
	DashboardURL string `yaml:"dashboard_url"`
	// Interval is the time between evaluations.
	Interval time.Duration `yaml:"interval"`
	// TimeScale divides every duration in the rules, so that a test of the whole way need not wait: for, keep_firing_for,
	// intervals, ranges, offsets and ages. 1 for production. The lengths of the windows and Verify are the processor's.
	TimeScale float64 `yaml:"-"`
}

// DefaultConfig watches 95 % satisfied, overall and for each service.
func DefaultConfig() Config {
	return Config{
		Target: DefaultTarget(), Bands: window.DefaultBands(), Windows: window.DefaultWindows(),
		Dimensions: []string{overall, service}, Burns: DefaultBurns(), Silence: DefaultSilence(),
		Quality: event.BuiltinMetrics(), Leading: DefaultLeading(), DimensionValues: 2000, Verify: time.Hour, CustomerAlerts: true,
		RunbookBase: "http://localhost:8080/runbooks", DashboardURL: "http://localhost:3000/d/satisflow-oncall",
		Interval: time.Minute, TimeScale: 1,
	}
}

// Dimensions that the texts know.
const overall, service = "overall", "service"

var dimensionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Validate returns an error that names the field, the value and what would be right.
func (c Config) Validate() error {
	switch {
	case len(c.Dimensions) == 0:
		return fmt.Errorf("dimensions: none: want at least one, such as %s", overall)
	case len(c.Burns) == 0:
		return fmt.Errorf("burns: none: want at least one target alert")
	case c.DimensionValues < 1:
		return fmt.Errorf("dimension_values: %d: want at least 1", c.DimensionValues)
	case c.Verify < 0:
		return fmt.Errorf("verify: %v: want the time between two comparisons, or 0 for none", c.Verify)
	case c.RunbookBase == "" || strings.HasSuffix(c.RunbookBase, "/"):
		return fmt.Errorf("runbook_base: %q: want an address without a slash at its end", c.RunbookBase)
	case c.DashboardURL == "" || strings.ContainsAny(c.DashboardURL, "? "):
		return fmt.Errorf("dashboard_url: %q: want an address without a query", c.DashboardURL)
	case c.Interval <= 0:
		return fmt.Errorf("interval: %v: want more than 0", c.Interval)
	case !(c.TimeScale >= 1 && c.TimeScale <= 1000):
		return fmt.Errorf("time scale: %v: want 1 to 1000", c.TimeScale)
	}
	for i, d := range c.Dimensions {
		if !dimensionName.MatchString(d) || slices.Contains(c.Dimensions[:i], d) {
			return fmt.Errorf("dimensions[%d]: %q: want a rolled dimension, each once", i, d)
		}
	}
	return c.validateParts()
}

func (c Config) validateParts() error {
	if err := c.Target.Validate(); err != nil {
		return fmt.Errorf("target.%w", err)
	}
	if err := c.Bands.Validate(); err != nil {
		return err
	}
	for i, b := range c.Burns {
		if slices.ContainsFunc(c.Burns[:i], func(o Burn) bool { return o.Alert == b.Alert }) {
			return fmt.Errorf("burns[%d].alert: %q is there twice", i, b.Alert)
		}
		if err := b.validate(c.Windows); err != nil {
			return fmt.Errorf("burns[%d].%w", i, err)
		}
	}
	if err := c.Silence.validate(c.Windows); err != nil {
		return fmt.Errorf("silence.%w", err)
	}
	if err := c.Leading.validate(c.Windows); err != nil {
		return fmt.Errorf("leading.%w", err)
	}
	return nil
}

// length returns the length of a configured window, and an error that says which there are.
func length(windows []window.Spec, name string) (time.Duration, error) {
	names := make([]string, len(windows))
	for i, w := range windows {
		if w.Name == name {
			return w.Length, nil
		}
		names[i] = w.Name
	}
	return 0, fmt.Errorf("%q is not a configured window: want one of %s", name, strings.Join(names, ", "))
}
