package falsepages

import (
	"fmt"

	"satisflow/dashboards/rules"
	"satisflow/pipeline/stats"
)

// generated returns the alerts on a service's ratings that the rules of the configuration make.
func generated(cfg rules.Config) ([]watch, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("simulate rules: %w", err)
	}
	lengths := map[string]int{}
	for _, w := range cfg.Windows {
		lengths[w.Name] = steps(w.Length)
	}
	var all []watch
	for _, b := range cfg.Burns {
		all = append(all, watch{b.Alert, b.Severity, burning(b, cfg.Target.Budget(), lengths), steps(b.For), steps(b.KeepFiring)})
	}
	s := cfg.Silence
	return append(all, watch{rules.NoRatings, rules.Page, silent(s, lengths[s.Window]), steps(s.For), steps(s.KeepFiring)}), nil
}

// burning is the expression of a target alert.
func burning(b rules.Burn, budget float64, lengths map[string]int) condition {
	long, short := lengths[b.Long], lengths[b.Short]
	threshold, z := b.Threshold(budget), b.Severity.Z()
	minRatings, minBad, minShort := int32(b.MinRatings), int32(b.MinBad), int32(b.MinShort)
	return func(c counts, t int) bool {
		n, bad := c.in(t, long)
		if n < minRatings || bad < minBad || float64(bad) <= threshold*float64(n) || lower(bad, n, z) <= threshold {
			return false
		}
		if short == 0 {
			return true
		}
		n, bad = c.in(t, short)
		recovered := n >= minShort && float64(bad)/float64(n) <= threshold
		return !recovered
	}
}

func lower(bad, n int32, z float64) float64 { return stats.Wilson(int64(bad), int64(n), z).Low }

// silent is the expression of the alert on a service without ratings.
func silent(s rules.Silence, length int) condition {
	const week = 7 * stepsPerDay
	return func(c counts, t int) bool {
		if now, _ := c.in(t, length); now > 0 || t < week {
			return false
		}
		before, _ := c.in(t-week, length)
		return int(before) >= s.Expected
	}
}
