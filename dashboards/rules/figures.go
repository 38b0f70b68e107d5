package rules

import "strings"

// Names of the recorded figures, all {window, dimension, value} unless said.
const (
	ratingsSum   = "satisflow:window_ratings:sum"
	goodSum      = "satisflow:window_good:sum"
	badSum       = "satisflow:window_bad:sum"
	badRatio     = "satisflow:window_bad:ratio"
	ratingMean   = "satisflow:window_rating:mean"
	lowerPage    = "satisflow:window_bad:lower_page"
	lowerTicket  = "satisflow:window_bad:lower_ticket"
	budgetLeft   = "satisflow:error_budget_left:ratio"
	qualityCount = "satisflow:window_quality_count:sum" // and {metric}
	qualityMean  = "satisflow:window_quality:mean"      // and {metric}
	standardMax  = "satisflow:service_standard:max"     // {value, metric}: value is the service, as in the figures
	catchingUp   = "satisflow:catching_up:max"          // no labels
	watermarkMax = "satisflow:partition_watermark:max"  // {partition}
	freshMax     = "satisflow:partition_fresh:max"      // {partition}
	lagMin       = "satisflow:partition_lag:min"        // {partition}
)

// figures are the recording rules, in an order in which each finds what it needs.
func (g generator) figures() []Rule {
	return []Rule{
		{Record: ratingsSum, Expr: g.summed("satisflow_window_ratings", "") + "\n"},
		{Record: goodSum, Expr: g.good()},
		{Record: badSum, Expr: promql("{ratings} - {good}", "ratings", ratingsSum, "good", goodSum)},
		{Record: badRatio, Expr: promql("{bad} / ({ratings} > 0)", "bad", badSum, "ratings", ratingsSum)},
		{Record: ratingMean, Expr: promql("{sum}\n/\n  ({ratings} > 0)",
			"sum", g.summed("satisflow_window_rating_points", ""), "ratings", ratingsSum)},
		{Record: lowerPage, Expr: lowerBound(Page.Z())},
		{Record: lowerTicket, Expr: lowerBound(Ticket.Z())},
		{Record: budgetLeft, Expr: promql("1 - {ratio} / {budget}", "ratio", badRatio, "budget", number(g.cfg.Target.Budget()))},
		{Record: qualityCount, Expr: g.summed("satisflow_window_quality_ratings", ", metric") + "\n"},
		{Record: qualityMean, Expr: promql("{sum}\n/\n  ({count} > 0)",
			"sum", g.summed("satisflow_window_quality_points", ", metric"), "count", qualityCount)},
		{Record: standardMax, Expr: promql(`max by (value, metric) (label_replace(satisflow_service_standard, "value", "$1", "service", "(.*)"))`)},
		{Record: catchingUp, Expr: promql(anyCatchingUp)},
	}
}

// anyCatchingUp is 1 while a partition is, by its best owner: one that hangs on after a rebalance is not heard.
const anyCatchingUp = "max(min by (partition) (satisflow_catching_up))"

// partitionFigures are of the best owner of each partition.
func partitionFigures() []Rule {
	return []Rule{
		{Record: watermarkMax, Expr: promql("max by (partition) (satisflow_watermark_timestamp_seconds)")},
		{Record: freshMax, Expr: promql("max by (partition) (satisflow_fresh_timestamp_seconds)")},
		{Record: lagMin, Expr: promql("min by (partition) (satisflow_lag_records)")},
	}
}

// summed adds the partitions of a gauge, each counted once; more are further labels.
func (g generator) summed(metric, more string) string {
	return strings.TrimSpace(promql(`
sum by (window, dimension, value{more}) (
  max by (window, dimension, value{more}, partition) ({metric}{dimension=~"{dimensions}"})
)`, "more", more, "metric", metric, "dimensions", strings.Join(g.cfg.Dimensions, "|")))
}

// good is the number of ratings that reach the target, for a mean as if all ratings were 1 or 5. Without its gauge there
// is no figure: that all ratings are bad would be a wild guess.
func (g generator) good() string {
	shape := map[string][2]string{
		Satisfied:       {"satisflow_window_satisfied", "{sum}"},
		HighlySatisfied: {"satisflow_window_highly_satisfied", "{sum}"},
		NotDissatisfied: {"satisflow_window_dissatisfied", "{ratings}\n-\n  {sum}"},
		Mean:            {"satisflow_window_rating_points", "({sum} - {ratings}) / 4"},
	}[g.cfg.Target.On]
	return promql(shape[1], "sum", g.summed(shape[0], ""), "ratings", ratingsSum)
}

// lowerBound is the lower Wilson bound of the bad share; quiet windows have none.
func lowerBound(z float64) string {
	return promql(`
(
    {p} + {z2/2} / {n}
  -
    {z} * sqrt(clamp_min({p} * (1 - {p}), 0) / {n} + {z2/4} / {n} ^ 2)
)
/
  (1 + {z2} / {n})`,
		"p", badRatio, "n", ratingsSum, "z", number(z), "z2/2", number(z*z/2), "z2/4", number(z*z/4), "z2", number(z*z))
}
