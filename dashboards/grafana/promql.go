package grafana

import (
	"fmt"
	"strings"

	"satisflow/pipeline/stats"
)

// Recorded figures that the panels show; package rules computes them.
const (
	ratingsSum   = "satisflow:window_ratings:sum"
	badRatio     = "satisflow:window_bad:ratio"
	lowerPage    = "satisflow:window_bad:lower_page"
	lowerTicket  = "satisflow:window_bad:lower_ticket"
	budgetLeft   = "satisflow:error_budget_left:ratio"
	qualityCount = "satisflow:window_quality_count:sum"
	qualityMean  = "satisflow:window_quality:mean"
	standardMax  = "satisflow:service_standard:max"
	watermarkMax = "satisflow:partition_watermark:max"
	freshMax     = "satisflow:partition_fresh:max"
	lagMin       = "satisflow:partition_lag:min"
	epochNow     = "satisflow:epoch:current"
	ownerNow     = "satisflow:partition_owner:fresh"
)

// ofEpoch keeps the processors of the epoch that readers follow: panels never mix two.
func ofEpoch(series string) string { return series + " and on (epoch) " + epochNow }

// chosen selects a figure by the variables dimension and value, in a window.
func chosen(figure, window string) string {
	return fmt.Sprintf(`%s{window="%s",dimension=~"$dimension",value=~"$value"}`, figure, window)
}

// wilson is a bound of a share p of n, by the sign of z.
func wilson(p, n string, z float64) string {
	sign := "+"
	if z < 0 {
		z, sign = -z, "-"
	}
	return strings.NewReplacer("{p}", p, "{n}", n, "{±}", sign, "{z²/2}", number(z*z/2), "{z²/4}", number(z*z/4), "{z²}", number(z*z), "{z}", number(z)).Replace(`(
  ({p} + {z²/2} / {n} {±} {z} * sqrt(clamp_min({p} * (1 - {p}), 0) / {n} + {z²/4} / {n} ^ 2))
/
  (1 + {z²} / {n})
)`)
}

// satisfied is the share of satisfied ratings.
func satisfied(window string) string { return "(1 - " + chosen(badRatio, window) + ")" }

func lowBound(window string, z float64) string {
	return wilson(satisfied(window), chosen(ratingsSum, window), -z)
}

func highBound(window string, z float64) string {
	return wilson(satisfied(window), chosen(ratingsSum, window), z)
}

// verdictOf is 3 met, 2 below, 1 undetermined, 0 no data.
func verdictOf(window string, target float64) string {
	t := number(target)
	low, high := lowBound(window, stats.Z95OneSided), highBound(window, stats.Z95OneSided)
	return fmt.Sprintf("1 + (%s < bool %s) + 2 * (%s >= bool %s)\nor\n0 * (%s == 0)", high, t, low, t, chosen(ratingsSum, window))
}
