package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// BetaBinomialTail returns the probability of k or more of n when the share itself varies between groups as
// Beta(alpha, beta): for small n, where a chart of shares has no useful limits. 1 for k ≤ 0, 0 for k > n.
//
// Source: N. L. Johnson, A. W. Kemp, S. Kotz, Univariate Discrete Distributions, 3rd ed. (Wiley, 2005), 6.2.2.
func BetaBinomialTail(k, n int64, alpha, beta float64) (p float64) {
	if k <= 0 {
		return 1
	}
	for i := k; i <= n; i++ {
		x, m := float64(i), float64(n)
		logChoose := -math.Log(m+1) - mathext.Lbeta(m-x+1, x+1)
		p += math.Exp(logChoose + mathext.Lbeta(x+alpha, m-x+beta) - mathext.Lbeta(alpha, beta))
	}
	return min(1, p)
}
