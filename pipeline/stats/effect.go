package stats

import "math"

// Effect is a difference in differences: the change of a treated group less the change of one that was left alone.
type Effect struct {
	Difference float64
	SE         float64
	Interval   // of 95 %, within −2 and 2
}

// DifferenceInDifferences returns the effect on the treated group, with the control group's change as what would have
// happened anyway; false when one of the four cells has no ratings.
//
// Source: J. D. Angrist, J.-S. Pischke, Mostly Harmless Econometrics (Princeton, 2009), 5.2; the standard error is that
// of four independent shares, √Σ p(1−p)/n.
func DifferenceInDifferences(treated, control Part) (Effect, bool) {
	cells := []Count{treated.After, treated.Before, control.After, control.Before}
	signs := []float64{1, -1, -1, 1}
	var e Effect
	variance := 0.0
	for i, c := range cells {
		if c.N <= 0 {
			return Effect{}, false
		}
		p := c.Share()
		e.Difference += signs[i] * p
		variance += p * (1 - p) / float64(c.N)
	}
	e.SE = math.Sqrt(variance)
	e.Interval = Interval{max(-2, e.Difference-Z95*e.SE), min(2, e.Difference+Z95*e.SE)}
	return e, true
}
