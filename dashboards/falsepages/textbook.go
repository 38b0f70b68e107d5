package falsepages

import (
	"time"

	"satisflow/dashboards/rules"
)

// textbook returns the multi-window, multi-burn-rate alerts of the Site Reliability Workbook (Beyer et al., 2018, chapter
// 5, approach 6) for a budget over 28 days: 2 % of it in 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d, each with a short
// window of a twelfth. They stay as long as ours, so that flapping is not held against them.
func textbook(budget float64) []watch {
	const day, month = 24 * time.Hour, 28 * 24 * time.Hour
	rate := func(severity rules.Severity, long time.Duration, spent float64, keep time.Duration) watch {
		threshold := budget * spent * float64(month) / float64(long)
		return watch{"textbook " + long.String(), severity, above(threshold, steps(long), steps(long/12)), 0, steps(keep)}
	}
	return []watch{
		rate(rules.Page, time.Hour, 0.02, 30*time.Minute),
		rate(rules.Page, 6*time.Hour, 0.05, 30*time.Minute),
		rate(rules.Ticket, day, 0.10, 6*time.Hour),
		rate(rules.Ticket, 3*day, 0.10, 6*time.Hour),
	}
}

// above is the expression of a burn-rate alert: the share of bad ratings is above the threshold in both windows.
func above(threshold float64, long, short int) condition {
	exceeds := func(c counts, t, length int) bool {
		n, bad := c.in(t, length)
		return float64(bad) > threshold*float64(n)
	}
	return func(c counts, t int) bool { return exceeds(c, t, long) && exceeds(c, t, short) }
}
