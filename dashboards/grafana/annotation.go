package grafana

import (
	"fmt"
	"strings"

	"satisflow/pipeline/alert"
)

// annotations marks when alerts of Prometheus fired, critical alerts on customers, and falls of services and segments. The
// latter two are drawn on the panels on, all where there are none.
func (b *board) annotations(matchers string, byService bool, on ...int) Annotations {
	all := []Annotation{
		{Name: "Annotations & Alerts", DataSource: builtIn, Enable: true, Hide: true, IconColor: "rgba(0, 211, 255, 1)", BuiltIn: 1, Type: "dashboard"},
		{Name: b.t(text{"Alerts", "警报"}), DataSource: prometheus, Enable: true, IconColor: "red",
			Expr: `max by (alertname, severity, dimension, value) (ALERTS{alertstate="firing",severity=~"page|ticket"` + matchers + `})`,
			Step: "60s", TitleFormat: "{{alertname}}", TextFormat: "{{dimension}} {{value}}", TagKeys: "severity"},
		b.moments(text{"Falls of services and segments", "服务和客户群满意度下降"}, vermillion, "groupfalls.sql", byService),
		b.moments(text{"Critical alerts on customers", "紧急客户警报"}, amber, "criticalcustomers.sql", byService),
	}
	if len(on) > 0 {
		for i := range all[2:] {
			all[2+i].Filter = &PanelFilter{IDs: on}
		}
	}
	return Annotations{List: all}
}

// moments asks ClickHouse for annotations.
func (b *board) moments(name text, color, file string, byService bool) Annotation {
	target := b.table(file, b.told(byService))[0].(ClickHouseTarget)
	target.RefID = "Anno"
	return Annotation{Name: b.t(name), DataSource: clickhouse, Enable: true, IconColor: color, Target: &target}
}

// telling is what queries for annotations say, as literals of SQL; their texts are HTML.
type telling struct {
	ByService    bool // whether the variable service narrows it
	Base         string
	Rules, Kinds string
	Colon, Comma string
}

func (b *board) told(byService bool) telling {
	return telling{ByService: byService, Base: b.cfg.page(), Colon: "'" + b.t(text{": ", "："}) + "'", Comma: "'" + b.t(text{", ", "，"}) + "'",
		Rules: b.literals(ruleWords[alert.LowRating], ruleWords[alert.LowMean], ruleWords[alert.Falling]),
		Kinds: b.literals(kindWords["customer"], kindWords["service"], kindWords["segment"])}
}

// literals is an array of SQL; our own texts need no escape.
func (b *board) literals(texts ...text) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = "'" + b.t(t) + "'"
	}
	return fmt.Sprintf("[%s]", strings.Join(quoted, ", "))
}
