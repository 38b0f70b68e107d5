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
	n := `{{ with printf "` + qualityCount + `{window=%q,dimension=%q,value=%q,metric=%q}" $labels.window $labels.dimension $labels.value $labels.metric | query }}` +
		`{{ . | first | value | printf "%.0f" }}{{ else }}?{{ end }}`
	name, mean, standard := metricWords(m)
	side, sideZH := "below", "低于"
	if m.Better == "lower" {
		side, sideZH = "above", "高于"
	}
	return text{
		summary:       fmt.Sprintf(`%s: the mean %s of %s ratings in the last %s is %s, %s its standard of %s.`, who, name.en, n, span(long), mean.en, side, standard.en),
		summaryZH:     fmt.Sprintf(`%s：最近 %s %s 条评分的%s均值为 %s，%s标准 %s。`, whoZH, spanZH(long), n, name.zh, mean.zh, sideZH, standard.zh),
		description:   "A mean beyond the standard tends to come before falling satisfaction. It has no confidence bound; the minimum number of ratings and the time that it must last stand for one.",
		descriptionZH: "质量均值超出服务标准往往先于满意度下降出现。均值没有置信界，以最少评分数和持续时间代替。",
	}
}

// standardOf is the recorded standard of the service and metric of an alert.
const standardOf = standardMax + `{value=%q,metric=%q}`

// metricWords are the name of a metric, its mean and the standard. What is a share is shown in percent, rounded away from
// the standard that it misses.
func metricWords(m event.Metric) (name, mean, standard said) {
	name = said{m.Name, " " + m.Name + " "}
	if known, ok := metricNames[m.Name]; ok {
		name = known
	}
	if m.Unit == "share" {
		mean = floored("$value")
		if m.Better == "lower" {
			mean = calculated("ceil(vector(1000 * %v - 1e-6)) / 10", "%.1f", "$value")
		}
		return name, mean, calculated("round(1e6 * "+standardOf+") / 1e4", "%v", "$labels.value $labels.metric")
	}
	unit := said{" " + m.Unit, " " + m.Unit}
	switch m.Unit {
	case "":
		unit = said{}
	case "ms":
		unit.zh = " 毫秒"
	}
	value := `{{ $value | printf "%.4g" }}`
	limit := `{{ with printf "` + standardOf + `" $labels.value $labels.metric | query }}{{ . | first | value | printf "%.4g" }}{{ else }}?{{ end }}`
	return name, said{value + unit.en, value + unit.zh}, said{limit + unit.en, limit + unit.zh}
}

// metricNames are those of the built-in metrics.
var metricNames = map[string]said{
	"response_time_ms": {"response time", "响应时间"}, "accuracy": {"accuracy", "准确性"}, "completeness": {"completeness", "完整性"},
}
