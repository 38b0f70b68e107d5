package rules

import (
	"fmt"

	"satisflow/pipeline/event"
)

// QualityBeyondStandard is the alert on a mean beyond its service's standard; the label metric says which.
const QualityBeyondStandard = "QualityBeyondStandard"

// leadingAlerts has a rule for each metric, all of one name: they differ in which direction is better.
func (g generator) leadingAlerts() []Rule {
	l := g.cfg.Leading
	var all []alert
	for _, m := range g.cfg.Quality {
		all = append(all, alert{
			name: QualityBeyondStandard, severity: Ticket, class: ClassLeading, expr: g.beyond(m), wait: l.For, keep: l.KeepFiring,
			text: g.beyondText(m), labels: map[string]string{"metric": m.Name},
		})
	}
	return g.rules(all)
}

// beyond is the expression for one metric. Its value is the mean. A service without a standard has no alert.
func (g generator) beyond(m event.Metric) string {
	worse, fine := "<", ">="
	if m.Better == "lower" {
		worse, fine = ">", "<="
	}
	l := g.cfg.Leading
	expr := `
(
    {mean}{window="{long}",dimension="service",metric="{metric}"}
      {worse} on (value, metric) group_left () {standard}
  and
    {count}{window="{long}"} >= {minRatings}
)
`
	if l.Short != "" {
		expr += `unless on (dimension, value, metric)
(
    {mean}{window="{short}",dimension="service",metric="{metric}"}
      {fine} on (value, metric) group_left () {standard}
  and
    {count}{window="{short}"} >= {minShort}
)
`
	}
	return promql(expr+unlessCatchingUp,
		"mean", qualityMean, "count", qualityCount, "standard", standardMax, "metric", m.Name, "worse", worse, "fine", fine,
		"long", l.Long, "short", l.Short, "minRatings", fmt.Sprint(l.MinRatings), "minShort", fmt.Sprint(l.MinShort))
}

func (g generator) beyondText(m event.Metric) text {
	long, _ := length(g.cfg.Windows, g.cfg.Leading.Long) // Validate knows it
	standard := `{{ with printf "` + standardMax + `{value=%q,metric=%q}" $labels.value $labels.metric | query }}{{ . | first | value | printf "%.4g" }}{{ else }}?{{ end }}`
	n := `{{ with printf "` + qualityCount + `{window=%q,dimension=%q,value=%q,metric=%q}" $labels.window $labels.dimension $labels.value $labels.metric | query }}` +
		`{{ . | first | value | printf "%.0f" }}{{ else }}?{{ end }}`
	side, sideZH := "below", "低于"
	if m.Better == "lower" {
		side, sideZH = "above", "高于"
	}
	return text{
		summary: fmt.Sprintf(`%s: the mean %s of %s ratings in the last %s is {{ $value | printf "%%.4g" }} %s, %s its standard of %s.`,
			who, m.Name, n, span(long), m.Unit, side, standard),
		summaryZH: fmt.Sprintf(`%s：最近 %s %s 条评分的 %s 平均为 {{ $value | printf "%%.4g" }} %s，%s标准 %s。`,
			whoZH, spanZH(long), n, m.Name, m.Unit, sideZH, standard),
		description:   "A mean beyond the standard tends to come before falling satisfaction. It has no confidence bound; the minimum number of ratings and the time that it must last stand for one.",
		descriptionZH: "质量均值超出服务标准往往先于满意度下降出现。均值没有置信界，以最少评分数和持续时间代替。",
	}
}
