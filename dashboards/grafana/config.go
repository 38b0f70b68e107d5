package grafana

import (
	"fmt"
	"time"

	"satisflow/dashboards/rules"
	"satisflow/pipeline/window"
)

// Config is what the dashboards depend on.
type Config struct {
	// Rules give target, bands, windows, burn thresholds and the links to runbooks, so that dashboards and alerts say the
	// same.
	Rules rules.Config
	// Milestones are shares on the way to the target that trends show as lines, 0 to 1.
	Milestones []float64
	// Zone is the offset of the zone of the windows, from UTC: days and weeks of the panels begin in it.
	Zone time.Duration
	// Link is the address of a gateway, whose pages of customers, services and segments are linked. Empty is the gateway
	// that serves the runbooks, below /runbooks; where the runbooks are elsewhere there are no links then.
	Link string
}

// DefaultConfig shows the default rules with the milestone of 85 %.
func DefaultConfig() Config {
	return Config{Rules: rules.DefaultConfig(), Milestones: []float64{0.85}}
}

// Validate returns an error that names the field, the value and what would be right.
func (c Config) Validate() error {
	if err := c.Rules.Validate(); err != nil {
		return err
	}
	if c.Rules.Target.On != rules.Satisfied {
		return fmt.Errorf("target.on: %q: dashboards show a target for %s only", c.Rules.Target.On, rules.Satisfied)
	}
	if problem := linkProblem(c.Link); c.Link != "" && problem {
		return fmt.Errorf("link: %q: want the address of a gateway without a slash at its end, such as https://satisflow.example.com", c.Link)
	}
	for i, m := range c.Milestones {
		if !(m > 0 && m < 1) {
			return fmt.Errorf("milestones[%d]: %v: want a share above 0 and below 1, such as 0.85", i, m)
		}
	}
	return nil
}

// near is the configured window that is nearest in length; the dashboards open with the one nearest to a day.
func (c Config) near(length time.Duration) window.Spec { return rules.Nearest(c.Rules.Windows, length) }

const day = 24 * time.Hour

// Language is one of those that dashboards are written in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// text is the same in both languages.
type text struct{ en, zh string }

func (t text) in(l Language) string {
	if l == Chinese {
		return t.zh
	}
	return t.en
}

// zoneName names the zone of the windows, such as UTC or UTC+08:00.
func (c Config) zoneName() string {
	if c.Zone == 0 {
		return "UTC"
	}
	minutes := int(c.Zone.Abs().Minutes())
	sign := map[bool]string{true: "-", false: "+"}[c.Zone < 0]
	return fmt.Sprintf("UTC%s%02d:%02d", sign, minutes/60, minutes%60)
}

// timezone is the zone that Grafana shows times in: that of the windows, which it knows by name for whole hours up to 12;
// otherwise the reader's.
func (c Config) timezone() string {
	hours := int(c.Zone.Hours())
	switch {
	case c.Zone == 0:
		return "utc"
	case time.Duration(hours)*time.Hour != c.Zone || hours < -12 || hours > 14:
		return "browser"
	}
	return fmt.Sprintf("Etc/GMT%+d", -hours) // east of Greenwich is minus there
}
