package rules

import "fmt"

// Target is what is to be reached: a share of the ratings in a band, or a mean.
type Target struct {
	// On is what is counted as good: satisfied, highly_satisfied, not_dissatisfied, or mean.
	On string `yaml:"on"`
	// Value is the least share, 0 < Value < 1, or for the mean the least mean, 1 < Value < 5.
	Value float64 `yaml:"value"`
}

// What a target may be on.
const (
	Satisfied       = "satisfied"
	HighlySatisfied = "highly_satisfied"
	NotDissatisfied = "not_dissatisfied"
	Mean            = "mean"
)

// DefaultTarget is 95 % satisfied.
func DefaultTarget() Target { return Target{On: Satisfied, Value: 0.95} }

// Validate returns an error that names the field, the value and what would be right.
func (t Target) Validate() error {
	least, most := 0.0, 1.0
	switch t.On {
	case Satisfied, HighlySatisfied, NotDissatisfied:
	case Mean:
		least, most = 1, 5
	default:
		return fmt.Errorf("on: %q: want %s, %s, %s or %s", t.On, Satisfied, HighlySatisfied, NotDissatisfied, Mean)
	}
	if !(t.Value > least && t.Value < most) {
		return fmt.Errorf("value: %v: want more than %v and less than %v for %s", t.Value, least, most, t.On)
	}
	return nil
}

// Budget is the share of bad ratings that the target leaves, 0 to 1.
func (t Target) Budget() float64 {
	if t.On == Mean {
		return (5 - t.Value) / 4
	}
	return 1 - t.Value
}
