package rules

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"

	"satisflow/pipeline/window"
)

// Severity says whom an alert reaches.
type Severity string

const (
	// Page wakes a person.
	Page Severity = "page"
	// Ticket is read in the morning.
	Ticket Severity = "ticket"
	// Info reaches nobody; it inhibits other alerts.
	Info Severity = "info"
)

// Quantiles of the normal distribution for the lower bounds. Bounds are looked at all the time, so that 99.5 % is not the
// share of right pages; that is what package falsepages measures.
const (
	zPage   = 2.576 // one-sided 99.5 %
	zTicket = 1.960 // one-sided 97.5 %
)

// Z is the quantile that alerts of the severity use.
func (s Severity) Z() float64 {
	if s == Page {
		return zPage
	}
	return zTicket
}

// Burn is a target alert: the share of bad ratings in the window Long is above a threshold, surely, and has not
// recovered in the window Short.
type Burn struct {
	// Alert is the name, which is also that of its runbook.
	Alert string `yaml:"alert"`
	// Severity is page or ticket; it decides how sure the bound is.
	Severity Severity `yaml:"severity"`
	// Long is the window that is judged.
	Long string `yaml:"long"`
	// Short is the window that shows a recovery; empty for none.
	Short string `yaml:"short,omitempty"`
	// OddsFactor is how many times the odds of a bad rating exceed those that just meet the target; at least 1.
	OddsFactor float64 `yaml:"odds_factor"`
	// MinRatings and MinBad are the least ratings and bad ratings in Long.
	MinRatings int `yaml:"min_ratings"`
	MinBad     int `yaml:"min_bad"`
	// MinShort is the least ratings in Short that can show a recovery.
	MinShort int `yaml:"min_short,omitempty"`
	// For is how long it must hold, and KeepFiring how long the alert stays after it no longer does: the same for all
	// pages, or the end of a sharper one would lay bare a milder one that only lingers.
	For        time.Duration `yaml:"for"`
	KeepFiring time.Duration `yaml:"keep_firing_for"`
}

// targetMissed is the alert on the target itself.
const targetMissed = "SatisfactionTargetMissed"

// DefaultBurns are tuned by simulation: see deploy/docs/watching/false-pages.md.
func DefaultBurns() []Burn {
	const hour, day = time.Hour, 24 * time.Hour
	return []Burn{
		{Alert: "SatisfactionSharpDrop", Severity: Page, Long: "1h", OddsFactor: 4,
			MinRatings: 15, MinBad: 6, For: 5 * time.Minute, KeepFiring: 30 * time.Minute},
		{Alert: "SatisfactionBurnFast", Severity: Page, Long: "6h", Short: "1h", OddsFactor: 4,
			MinRatings: 15, MinBad: 6, MinShort: 5, For: 5 * time.Minute, KeepFiring: 30 * time.Minute},
		{Alert: "SatisfactionBurnSteady", Severity: Page, Long: "24h", Short: "6h", OddsFactor: 2.5,
			MinRatings: 20, MinBad: 6, MinShort: 5, For: 15 * time.Minute, KeepFiring: 30 * time.Minute},
		{Alert: "SatisfactionBurnMild", Severity: Ticket, Long: "24h", Short: "6h", OddsFactor: 1.5,
			MinRatings: 20, MinBad: 6, MinShort: 5, For: hour, KeepFiring: 6 * hour},
		{Alert: "SatisfactionBurnSlow", Severity: Ticket, Long: "7d", Short: "24h", OddsFactor: 1.1,
			MinRatings: 50, MinBad: 10, MinShort: 5, For: hour, KeepFiring: 6 * hour},
		{Alert: targetMissed, Severity: Ticket, Long: "28d", OddsFactor: 1,
			MinRatings: 100, MinBad: 10, For: hour, KeepFiring: day},
	}
}

// Threshold is the share of bad ratings, 0 to 1, that the lower bound must be above, for a target's budget. It has six
// decimals, so that the rules file says exactly the same.
func (b Burn) Threshold(budget float64) float64 {
	odds := b.OddsFactor * budget / (1 - budget)
	return math.Round(odds/(1+odds)*1e6) / 1e6
}

// Confidence is that of the one-sided bound that alerts of the severity use.
func (s Severity) Confidence() float64 {
	if s == Page {
		return 0.995
	}
	return 0.975
}

var alertName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

func (b Burn) validate(windows []window.Spec) error {
	switch {
	case !alertName.MatchString(b.Alert):
		return fmt.Errorf("alert: %q: want a name such as SatisfactionSharpDrop", b.Alert)
	case b.Severity != Page && b.Severity != Ticket:
		return fmt.Errorf("severity: %q: want %s or %s", b.Severity, Page, Ticket)
	case !(b.OddsFactor >= 1):
		return fmt.Errorf("odds_factor: %v: want at least 1", b.OddsFactor)
	case b.MinRatings < 1 || b.MinBad < 1:
		return fmt.Errorf("min_ratings, min_bad: %d, %d: want at least 1 each", b.MinRatings, b.MinBad)
	case b.For < 0 || b.KeepFiring < 0:
		return fmt.Errorf("for, keep_firing_for: %v, %v: want at least 0 each", b.For, b.KeepFiring)
	}
	return b.validateWindows(windows)
}

func (b Burn) validateWindows(windows []window.Spec) error {
	long, err := length(windows, b.Long)
	if err != nil {
		return fmt.Errorf("long: %w", err)
	}
	return validateShort(windows, b.Long, long, b.Short, b.MinShort)
}

// validateShort judges a window that shows recoveries of a longer one; empty is none.
func validateShort(windows []window.Spec, longName string, long time.Duration, name string, least int) error {
	if name == "" {
		return nil
	}
	short, err := length(windows, name)
	switch {
	case err != nil:
		return fmt.Errorf("short: %w", err)
	case short >= long:
		return fmt.Errorf("short: %q: want a window shorter than %s", name, longName)
	case least < 1:
		return errors.New("min_short: 0: want at least 1, with short")
	}
	return nil
}
