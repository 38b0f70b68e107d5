package rules

import (
	"fmt"
	"strconv"
	"time"
)

func (g generator) targetAlerts() []Rule {
	var all []alert
	for _, b := range g.cfg.Burns {
		all = append(all, alert{
			name: b.Alert, severity: b.Severity, class: ClassTarget, expr: g.burning(b), wait: b.For, keep: b.KeepFiring, text: g.burnText(b),
		})
	}
	return g.rules(all)
}

// burning is the expression of a target alert. Its value is the lower bound.
func (g generator) burning(b Burn) string {
	bound := lowerTicket
	if b.Severity == Page {
		bound = lowerPage
	}
	expr := `
(
    {bound}{window="{long}"} > {threshold}
  and
    {ratings}{window="{long}"} >= {minRatings}
  and
    {bad}{window="{long}"} >= {minBad}
)
`
	if b.Short != "" {
		expr += `unless on (dimension, value)
(
    {ratio}{window="{short}"} <= {threshold}
  and
    {ratings}{window="{short}"} >= {minShort}
)
`
	}
	return promql(expr+unlessCatchingUp,
		"bound", bound, "ratings", ratingsSum, "bad", badSum, "ratio", badRatio, "long", b.Long, "short", b.Short,
		"threshold", number(b.Threshold(g.cfg.Target.Budget())),
		"minRatings", fmt.Sprint(b.MinRatings), "minBad", fmt.Sprint(b.MinBad), "minShort", fmt.Sprint(b.MinShort))
}

// unlessCatchingUp ends the expression of an alert on figures.
const unlessCatchingUp = "unless on ()\n  " + catchingUp + " > 0"

func (g generator) burnText(b Burn) text {
	long, _ := length(g.cfg.Windows, b.Long) // Validate knows it
	n := figure(ratingsSum, b.Long, whole)
	budget := g.cfg.Target.Budget()
	threshold, bound := percent(b.Threshold(budget)), floored("$value")
	burn := strconv.FormatFloat(b.Threshold(budget)/budget, 'f', 1, 64)
	t := g.shareText(b, n, long)
	if g.cfg.Target.On == Mean {
		t = g.meanText(b, n, long)
	}
	t.description = fmt.Sprintf("The lower Wilson bound of the bad share over the last %s is %s, above the threshold of %s, which burns the error budget %s times as fast as the target allows.%s",
		span(long), bound.en, threshold.en, burn, recovery(g.cfg, b, span, " It has not recovered over the last %s."))
	t.descriptionZH = fmt.Sprintf("最近 %s未达标比例的置信下限为 %s，高于阈值 %s（错误预算消耗速率 %s 倍）。%s",
		spanZH(long), bound.zh, threshold.zh, burn, recovery(g.cfg, b, spanZH, "最近 %s内尚未恢复。"))
	return t
}

// recovery is a sentence about the short window, if there is one.
func recovery(cfg Config, b Burn, span func(time.Duration) string, format string) string {
	if b.Short == "" {
		return ""
	}
	short, _ := length(cfg.Windows, b.Short) // Validate knows it
	return fmt.Sprintf(format, span(short))
}

func (g generator) shareText(b Burn, n string, long time.Duration) text {
	share := badShare(b.Long)
	bound, sure := floored("$value"), aim(b.Severity.Confidence())
	en, zh := g.badWord()
	budget, target := aim(g.cfg.Target.Budget()), aim(g.cfg.Target.Value)
	return text{
		summary: fmt.Sprintf("%s: %s of %s ratings in the last %s were %s, at least %s (%s confidence); the target of %s allows %s.",
			who, share.en, n, span(long), en, bound.en, sure.en, target.en, budget.en),
		summaryZH: fmt.Sprintf("%s：最近 %s的 %s 条评分中 %s %s（%s 置信下限 %s）；目标 %s，最多允许 %s。",
			whoZH, spanZH(long), n, share.zh, zh, sure.zh, bound.zh, target.zh, budget.zh),
	}
}

func (g generator) meanText(b Burn, n string, long time.Duration) text {
	mean, target := figure(ratingMean, b.Long, `printf "%.2f"`), number(g.cfg.Target.Value)
	sure := aim(b.Severity.Confidence())
	return text{
		summary:   fmt.Sprintf("%s: the mean of %s ratings in the last %s is %s, below the target of %s (%s confidence).", who, n, span(long), mean, target, sure.en),
		summaryZH: fmt.Sprintf("%s：最近 %s的 %s 条评分均值为 %s，低于目标 %s（置信度 %s）。", whoZH, spanZH(long), n, mean, target, sure.zh),
	}
}
