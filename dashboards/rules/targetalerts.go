package rules

import (
	"fmt"
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
	threshold := percent(b.Threshold(g.cfg.Target.Budget()))
	t := g.shareText(b, n, long)
	if g.cfg.Target.On == Mean {
		t = g.meanText(b, n, long)
	}
	t.description = fmt.Sprintf("The lower Wilson bound of the bad share over the last %s is {{ $value | humanizePercentage }}, above the threshold of %s (%s times the odds that just meet the target).%s",
		span(long), threshold, number(b.OddsFactor), recovery(g.cfg, b, span, " It is not yet better over the last %s."))
	t.descriptionZH = fmt.Sprintf("最近 %s未达标比例的 Wilson 下界为 {{ $value | humanizePercentage }}，高于阈值 %s（为恰好达标时赔率的 %s 倍）。%s",
		spanZH(long), threshold, number(b.OddsFactor), recovery(g.cfg, b, spanZH, "最近 %s内尚未恢复。"))
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
	share := figure(badRatio, b.Long, "humanizePercentage")
	en, zh := g.badWord()
	budget, target := percent(g.cfg.Target.Budget()), percent(g.cfg.Target.Value)
	return text{
		summary: fmt.Sprintf("%s: %s of %s ratings in the last %s were %s, surely more than {{ $value | humanizePercentage }}; the target of %s allows %s.",
			who, share, n, span(long), en, target, budget),
		summaryZH: fmt.Sprintf("%s：最近 %s的 %s 条评分中 %s %s（可信下限 {{ $value | humanizePercentage }}）；目标 %s，最多允许 %s。",
			whoZH, spanZH(long), n, share, zh, target, budget),
	}
}

func (g generator) meanText(b Burn, n string, long time.Duration) text {
	mean, target := figure(ratingMean, b.Long, `printf "%.2f"`), number(g.cfg.Target.Value)
	return text{
		summary:   fmt.Sprintf("%s: the mean of %s ratings in the last %s is %s, surely below the target of %s.", who, n, span(long), mean, target),
		summaryZH: fmt.Sprintf("%s：最近 %s的 %s 条评分平均为 %s，明显低于目标 %s。", whoZH, spanZH(long), n, mean, target),
	}
}
