package rules

import (
	"fmt"
	"time"

	"satisflow/pipeline/window"
)

// Silence says when a service without ratings is one: nothing in Window, though the same time a week ago had Expected.
type Silence struct {
	Window     string        `yaml:"window"`
	Expected   int           `yaml:"expected"` // ratings in the window a week ago, at least
	For        time.Duration `yaml:"for"`
	KeepFiring time.Duration `yaml:"keep_firing_for"`
}

// DefaultSilence is six hours without a rating where last week had fifteen: at fifteen expected, chance is silent
// once in three million times.
func DefaultSilence() Silence {
	return Silence{Window: "6h", Expected: 15, For: 15 * time.Minute, KeepFiring: 15 * time.Minute}
}

func (s Silence) validate(windows []window.Spec) error {
	if _, err := length(windows, s.Window); err != nil {
		return fmt.Errorf("window: %w", err)
	}
	if s.Expected < 1 {
		return fmt.Errorf("expected: %d: want at least 1", s.Expected)
	}
	return nil
}
