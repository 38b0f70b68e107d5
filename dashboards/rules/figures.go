package rules

import (
	"strings"
	"time"
)

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
	serviceSum   = "satisflow:service_ratings:sum"      // dimension is service, whatever target alerts are on; the windows of the silence
	epochNow     = "satisflow:epoch:current"            // {epoch}: the one that readers follow
	ownerNow     = "satisflow:partition_owner:fresh"    // {epoch, partition, instance}: the freshest owner of each partition of that epoch
	processors   = "satisflow:processors:count"         // no labels: processors of that epoch; no series when there are none
)

// ofEpoch keeps the series of the current epoch: processors that fill another one beside it are not what readers see.
func ofEpoch(series string) string { return series + " and on (epoch) " + epochNow }

// ofOwner keeps the series of the freshest owner of each partition of the current epoch: an owner that hangs on after a
// rebalance, or that stands still, is not heard, nor mixed with the one that took over.
func ofOwner(series string) string {
	return series + " and on (epoch, partition, instance) " + ownerNow
}

// figures are the recording rules, in an order in which each finds what it needs.
func (g generator) figures() []Rule {
	return []Rule{
		{Record: epochNow, Expr: promql("topk(1, max by (epoch) (max_over_time(satisflow_current_epoch_timestamp_seconds[{range}])))", "range", g.duration(10*time.Minute))},
		{Record: ownerNow, Expr: promql(`
satisflow_fresh_timestamp_seconds
  == on (epoch, partition) group_left ()
max by (epoch, partition) (satisflow_fresh_timestamp_seconds)
  and on (epoch)
{epoch}`, "epoch", epochNow)},
		{Record: processors, Expr: promql("count(" + ofEpoch("satisflow_partitions_owned") + ")")},
		{Record: ratingsSum, Expr: g.summed("satisflow_window_ratings", "") + "\n"},
		{Record: serviceSum, Expr: promql(`
sum by (window, dimension, value) (
  max by (window, dimension, value, partition) ({ratings})
)`, "ratings", ofOwner(`satisflow_window_ratings{dimension="service",window=~"`+strings.Join(g.silentWindows(), "|")+`"}`))},
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
		{Record: standardMax, Expr: promql(`max by (value, metric) (label_replace(` + ofEpoch("satisflow_service_standard") + `, "value", "$1", "service", "(.*)"))`)},
		{Record: catchingUp, Expr: promql(anyCatchingUp)},
	}
}

// anyCatchingUp is 1 while a partition is, by its freshest owner.
var anyCatchingUp = "max(min by (partition) (" + ofOwner("satisflow_catching_up") + "))"

// partitionFigures are of the freshest owner of each partition.
func partitionFigures() []Rule {
	return []Rule{
		{Record: watermarkMax, Expr: promql("max by (partition) (" + ofOwner("satisflow_watermark_timestamp_seconds") + ")")},
		{Record: freshMax, Expr: promql("max by (partition) (" + ofEpoch("satisflow_fresh_timestamp_seconds") + ")")},
		{Record: lagMin, Expr: promql("min by (partition) (" + ofOwner("satisflow_lag_records") + ")")},
	}
}

// summed adds the partitions of a gauge, each counted once; more are further labels.
func (g generator) summed(metric, more string) string {
	return strings.TrimSpace(promql(`
sum by (window, dimension, value{more}) (
  max by (window, dimension, value{more}, partition) ({series})
)`, "more", more, "series", ofOwner(metric+`{dimension=~"`+strings.Join(g.cfg.Dimensions, "|")+`"}`)))
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
