package stats

import (
	"cmp"
	"slices"
)

// Discoveries returns for each p value, 0 ≤ p ≤ 1, whether it counts as found among all of them, so that at most the share
// rate of those found is false on average: a list of many groups always has some that look special.
//
// Source: Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, JRSS B 57 (1995), 289–300.
func Discoveries(p []float64, rate float64) []bool {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	found := make([]bool, len(p))
	for rank := len(order); rank > 0; rank-- {
		if p[order[rank-1]] <= rate*float64(rank)/float64(len(p)) {
			for _, i := range order[:rank] {
				found[i] = true
			}
			break
		}
	}
	return found
}
