package rules

import (
	"fmt"
	"time"

	"satisflow/pipeline/window"
)

// Leading says when the mean of a quality metric is beyond its service's standard: in the window Long, and without a
// recovery in Short. Gauges hold sums and counts but no squares, so there is no bound; the minimum and For stand for it.
type Leading struct {
	Long       string        `yaml:"long"`
	Short      string        `yaml:"short,omitempty"` // empty for none: nothing shows a recovery but Long
	MinRatings int           `yaml:"min_ratings"`     // with the metric, in Long
	MinShort   int           `yaml:"min_short"`       // with the metric, in Short, that can show a recovery
	For        time.Duration `yaml:"for"`
	KeepFiring time.Duration `yaml:"keep_firing_for"`
}

// DefaultLeading judges a day and looks for a recovery in its last six hours.
func DefaultLeading() Leading {
	return Leading{Long: "24h", Short: "6h", MinRatings: 30, MinShort: 5, For: time.Hour, KeepFiring: 6 * time.Hour}
}

func (l Leading) validate(windows []window.Spec) error {
	long, err := length(windows, l.Long)
	if err != nil {
		return fmt.Errorf("long: %w", err)
	}
	if l.MinRatings < 1 {
		return fmt.Errorf("min_ratings: %d: want at least 1", l.MinRatings)
	}
	return validateShort(windows, l.Long, long, l.Short, l.MinShort)
}
