package grafana

import (
	"satisflow/dashboards/rules"
	"satisflow/pipeline/stats"
)

// onCall says what is wrong, on what evidence, and whether the figures can be trusted.
func onCall(cfg Config, lang Language) Dashboard {
	b := &board{cfg: cfg, lang: lang}
	b.row(text{"What is wrong?", "出了什么问题？"})
	b.trouble()
	b.row(text{"The evidence: share of ratings below the target, and the bound that raises alerts", "证据：未达满意评分的比例及触发警报的置信下界"})
	evidence := b.burns()
	b.row(text{"Do ratings come in, and are the figures fresh?", "评分是否正常流入，数字是否最新？"})
	b.inflow()
	b.row(text{"What was not counted, or counted anew?", "哪些未计入，哪些被重新计入？"})
	b.exceptions()
	b.row(text{"Is what is stored right, and are erasures done?", "存储是否正确，删除是否完成？"})
	b.checks()
	b.row(text{"Alerts on customers", "客户警报"})
	b.customers()
	b.row(text{"ClickHouse", "ClickHouse"})
	b.store()
	b.row(text{"Processes", "进程"})
	b.processes()
	return Dashboard{
		UID: b.uid(OnCallUID), Title: b.t(text{"Customer satisfaction: on call", "客户满意度：值班视图"}),
		Description: b.tf(text{
			"What on-call looks at first: active alerts with their runbooks, the evidence for them, and whether the pipeline works. Runbooks: %s/ALERT.md.",
			"值班人员首先查看的内容：当前警报及处置手册、触发依据，以及流水线是否正常。处置手册：%s/警报名.md。"}, cfg.Rules.RunbookBase),
		Tags: []string{"satisflow", string(lang)}, SchemaVersion: schemaVersion, GraphTooltip: 1, Refresh: "30s", Timezone: b.cfg.timezone(),
		Time: TimeRange{"now-24h", "now"},
		Templating: Templating{[]Variable{
			b.labelVariable("dimension", text{"Dimension", "维度"}, `label_values(`+ratingsSum+`, dimension)`),
			b.labelVariable("value", text{"Value", "取值"}, `label_values(`+ratingsSum+`{dimension=~"$dimension"}, value)`),
			b.windowVariable(b.cfg.near(day).Name),
		}},
		Annotations: b.annotations("", false, evidence...),
		Links:       append([]BoardLink{boardLink(b.t(text{"Leadership dashboard", "管理层视图"}), "/d/"+b.uid(LeadershipUID), "dashboard")}, b.runbookIndex()...),
		Panels:      b.panels,
	}
}

// labelVariable has .* for All, which matches the overall series too: it has no value.
func (b *board) labelVariable(name string, label text, query string) Variable {
	return Variable{Name: name, Label: b.t(label), Type: "query", DataSource: &prometheus,
		Query: map[string]any{"query": query, "refId": "StandardVariableQuery"}, Definition: query, Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: ".*",
		Current: Option{Text: "All", Value: "$__all", Selected: true}, Options: []Option{}}
}

func (b *board) trouble() {
	b.add(14, 9, b.activeAlerts())
	b.add(10, 9, b.statusNow())
}

func (b *board) activeAlerts() Panel {
	const labels = "alertname, severity, dimension, value, metric, partition, part, table, reason, instance"
	p := b.list(text{"Active alerts, oldest first", "当前警报（最早的在前）"},
		text{"Alerts of Prometheus that fire, with the time since when their condition has held. Those that Alertmanager inhibits or silences are here too.",
			"Prometheus 正在触发的警报及其条件成立的起始时间。被 Alertmanager 抑制或静默的警报也在此列出。"},
		[]Target{cell("since", "sort(1000 * max by ("+labels+`) (
  ALERTS_FOR_STATE
and ignoring (alertstate)
  ALERTS{alertstate="firing",severity=~"page|ticket"}
))`)},
		[]field{
			{name: "alertname", title: text{"Alert", "警报"}, more: b.runbookOfAlert()},
			{name: "severity", title: text{"Severity", "级别"}, words: []Mapping{{Type: "value", Options: map[string]Word{
				"page": {"page", vermillion, 0}, "ticket": {"ticket", amber, 1}}}}},
			{name: "dimension", title: text{"Dimension", "维度"}}, {name: "value", title: text{"Value", "取值"}},
			{name: "Value", title: text{"Since", "始于"}, unit: "dateTimeFromNow"},
		})
	p.FieldConfig.Defaults.NoValue = b.t(text{"no alerts", "无警报"})
	p.Transforms = []Transform{{ID: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true}}}}
	return p
}

// statusNow joins one row per key from instant queries.
func (b *board) statusNow() Panel {
	const w = "$window"
	target := b.cfg.Rules.Target.Value
	p := b.list(text{"Satisfied now, in the rolling window", "当前滚动窗口的满意率"},
		text{"The current window, from the exact gauges. The verdict is from one-sided 95 % Wilson bounds.", "当前窗口，来自精确的指标。结论依据单侧 95% Wilson 界。"},
		[]Target{
			cell("share", byKey(satisfied(w))), cell("low", byKey(lowBound(w, stats.Z95))), cell("high", byKey(highBound(w, stats.Z95))),
			cell("n", byKey(chosen(ratingsSum, w))), cell("verdict", byKey(verdictOf(w, target))), cell("budget", byKey(chosen(budgetLeft, w))),
		},
		[]field{
			{name: "dimension", title: text{"Dimension", "维度"}}, {name: "value", title: text{"Value", "取值"}},
			b.share("Value #share", text{"Satisfied", "满意率"}),
			{name: "Value #low", title: text{"From (95 %)", "下限 (95%)"}, unit: "percentunit", decimals: 1},
			{name: "Value #high", title: text{"To (95 %)", "上限 (95%)"}, unit: "percentunit", decimals: 1},
			count("Value #n", text{"n (ratings)", "n（评分数）"}), inCell(b.verdictNumber("Value #verdict")),
			{name: "Value #budget", title: text{"Budget left", "剩余预算"}, unit: "percentunit"},
		})
	p.Transforms = joined()
	return p
}

// byKey leaves those labels only that the rows of a table are joined by: the name of a metric, too, is a column, and
// rows with other names would stay apart.
func byKey(expr string) string { return "sum by (dimension, value) (\n" + expr + "\n)" }

// joined makes one table of the targets' and drops their times.
func joined() []Transform {
	return []Transform{{ID: "merge", Options: map[string]any{}},
		{ID: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true}}}}
}

// burns has a panel for each window that alerts judge, with their thresholds as lines, and returns their ids.
func (b *board) burns() (ids []int) {
	seen := map[string]bool{}
	for _, burn := range b.cfg.Rules.Burns {
		if !seen[burn.Long] {
			seen[burn.Long] = true
			b.add(12, 8, b.burn(burn.Long))
			ids = append(ids, len(b.panels))
		}
	}
	b.add(12, 8, b.sampleSizes())
	return ids
}

func (b *board) burn(window string) Panel {
	lower, legend := lowerTicket, text{"surely above, 97.5 %", "可信下界 97.5%"}
	limits := steps("text")
	names, namesZH, links := "", "", []BoardLink(nil)
	for _, burn := range b.cfg.Rules.Burns {
		if burn.Long != window {
			continue
		}
		color := amber
		if burn.Severity == rules.Page {
			lower, legend, color = lowerPage, text{"surely above, 99.5 %", "可信下界 99.5%"}, vermillion
		}
		at := burn.Threshold(b.cfg.Rules.Target.Budget())
		limits.Steps = append(limits.Steps, from(at, color))
		names += " " + burn.Alert + ": " + percent(at).en + " and at least " + number(float64(burn.MinRatings)) + " ratings."
		namesZH += " " + burn.Alert + "：" + percent(at).zh + "，且至少 " + number(float64(burn.MinRatings)) + " 条评分。"
		links = append(links, b.runbook(burn.Alert)...)
	}
	sortSteps(limits.Steps)
	p := b.graph(text{"Not satisfied in " + window + ", and its lower bound", window + " 内未达满意的比例及其置信下界"},
		text{"An alert needs the lower bound above its line." + names, "下界高于阈值线时触发警报。" + namesZH}, "percentunit",
		[]Target{
			over("share", chosen(badRatio, window), "{{dimension}} {{value}} "+b.t(text{"not satisfied", "未达满意"})),
			over("low", chosen(lower, window), "{{dimension}} {{value}} "+b.t(legend)),
			over("n", chosen(ratingsSum, window), "{{dimension}} {{value}} n"),
		},
		b.target(field{name: "share", more: []Property{{"custom.lineWidth", 1}, {"custom.lineStyle", map[string]any{"dash": []int{4, 4}, "fill": "dash"}}}}),
		b.target(field{name: "low", more: []Property{{"custom.lineWidth", 2}}}),
		b.target(field{name: "n", unit: "locale", more: thinBars()}))
	p.FieldConfig.Defaults.Thresholds, p.FieldConfig.Defaults.Min = limits, ptr(0.0)
	p.Links = links
	style := p.FieldConfig.Defaults.Custom.(lineStyle)
	style.ThresholdsStyle = map[string]string{"mode": "line"}
	p.FieldConfig.Defaults.Custom = style
	return p
}

func sortSteps(s []Threshold) {
	for i := 2; i < len(s); i++ {
		for j := i; j > 1 && *s[j].Value < *s[j-1].Value; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

func (b *board) sampleSizes() Panel {
	return b.graph(text{"Ratings in the rolling window", "滚动窗口内的评分数"},
		text{"How many ratings the figures rest on. Alerts want a minimum; below it nothing is said.", "各数字依据的评分数。低于最小样本量时不触发警报。"},
		"locale", []Target{over("n", chosen(ratingsSum, "$window"), "{{dimension}} {{value}}")})
}
