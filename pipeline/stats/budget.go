package stats

import "math"

// Budget is the error budget of a target over the ratings of a window: how many may be unsatisfied, and how many are.
type Budget struct {
	Allowed float64 // ratings that may be unsatisfied: (1 − target)·n
	Spent   int64   // ratings that are: n − k
	Burn    float64 // Spent of Allowed: 1 uses the budget up, 1/(1 − target) is the most (20 for a target of 95 %)
}

// Remaining is the share of the budget that is left; negative when it is overspent.
func (b Budget) Remaining() float64 { return 1 - b.Burn }

// ErrorBudget returns the budget of k satisfied of n ratings for a target share, 0 < target < 1; false without ratings.
//
// Source: B. Beyer et al. (eds.), The Site Reliability Workbook (O'Reilly, 2018), chapter 5, Alerting on SLOs: the burn rate
// is the share of bad events over the share of bad events that the objective allows.
func ErrorBudget(k, n int64, target float64) (Budget, bool) {
	if n <= 0 {
		return Budget{}, false
	}
	bad := n - k
	share := math.Round((1-target)*1e9) / 1e9 // 1-0.95 is 0.050000000000000044
	return Budget{Allowed: share * float64(n), Spent: bad, Burn: float64(bad) / float64(n) / share}, true
}
