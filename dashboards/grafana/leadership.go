package grafana

import "fmt"

// Uids of the dashboards in English; those in Chinese end in -zh.
const (
	LeadershipUID = "satisflow-leadership"
	OnCallUID     = "satisflow-oncall"
)

func (b *board) uid(of string) string {
	if b.lang == Chinese {
		return of + "-zh"
	}
	return of
}

// leadership says where satisfaction stands, how it went, and where what is missing comes from.
func leadership(cfg Config, lang Language) Dashboard {
	b := &board{cfg: cfg, lang: lang}
	b.row(text{"Where do we stand?", "现状如何？"})
	b.standing()
	b.row(text{"How did it go?", "走势如何？"})
	b.course()
	b.row(text{"Who needs attention now, and is it given?", "谁需要关注，是否已处理？"})
	b.attention()
	b.row(text{"Where do the ratings below the target come from?", "未达标的评分来自哪里？"})
	b.origins()
	b.row(text{"How good was the service itself?", "服务质量本身如何？"})
	b.quality()
	return Dashboard{
		UID: b.uid(LeadershipUID), Title: b.t(text{"Customer satisfaction: leadership", "客户满意度：管理层视图"}),
		Description: b.tf(text{
			"Where satisfaction stands against the target of %s, over 28 days unless another range is chosen. Every share has its n and its 95 %% interval.",
			"满意度相对于目标 %s 的现状，默认统计 28 天。每个比例都附样本量 n 和 95%% 置信区间。"}, b.t(percent(cfg.Rules.Target.Value))),
		Tags: []string{"satisflow", string(lang)}, SchemaVersion: schemaVersion, GraphTooltip: 1, Refresh: "5m", Timezone: b.cfg.timezone(),
		Time:        TimeRange{"now-28d", "now"},
		Templating:  Templating{[]Variable{b.serviceVariable(), b.windowVariable(b.cfg.near(day).Name)}},
		Annotations: b.annotations(`,class=~"target|leading"`, true),
		Links:       []BoardLink{boardLink(b.t(text{"On-call dashboard", "值班视图"}), "/d/"+b.uid(OnCallUID), "dashboard")},
		Panels:      b.panels,
	}
}

func (b *board) serviceVariable() Variable {
	sql := b.cfg.sql("services.sql", nil)
	return Variable{Name: "service", Label: b.t(text{"Service", "服务"}), Type: "query", DataSource: &clickhouse,
		Query: sql, Definition: sql, Refresh: 2, Sort: 1, Multi: true, IncludeAll: true,
		Current: Option{Text: "All", Value: "$__all", Selected: true}, Options: []Option{}}
}

// windowVariable chooses a rolling window.
func (b *board) windowVariable(initial string) Variable {
	v := Variable{Name: "window", Label: b.t(text{"Rolling window", "滚动窗口"}), Type: "custom"}
	names := ""
	for i, w := range b.cfg.Rules.Windows {
		if i > 0 {
			names += ","
		}
		names += w.Name
		v.Options = append(v.Options, Option{Text: w.Name, Value: w.Name, Selected: w.Name == initial})
	}
	v.Query, v.Current = names, Option{Text: initial, Value: initial, Selected: true}
	return v
}

func percent(share float64) text {
	v := fmt.Sprintf("%.4g", 100*share)
	return text{v + " %", v + "%"}
}

func (b *board) standing() {
	b.add(12, 5, b.stat(
		text{"Share of satisfied customers' ratings, and what it says about the target", "满意评分的比例及其是否达标"},
		text{"Ratings in the satisfied band (4 and above) of all ratings with a score, in the chosen range and services. The verdict is from one-sided 95 % Wilson bounds; while it is undetermined, the last figure is about how many more ratings would decide at this share.",
			"所选时间范围和服务内，满意评分（4 分及以上）占全部有分评分的比例。结论依据单侧 95% Wilson 界；未定时，最后一项为按当前比例大约还需多少评分才能判定。"},
		b.table("headline.sql", nil),
		append([]field{b.share("share", text{"Satisfied", "满意率"}), sampleSize(), b.verdict(),
			count("more", text{"More ratings that would decide", "判定还需的评分数"})}, b.bounds()...)))
	b.add(12, 5, b.stat(
		text{"Error budget that is left", "剩余误差预算"},
		text{"1 is untouched, 0 is used up: the share of ratings that are not satisfied has just reached what the target allows; below 0 it is overspent.",
			"1 表示尚未使用，0 表示已用尽：未达满意的比例刚好等于目标允许的上限；低于 0 表示超支。"},
		b.table("budget.sql", nil),
		append([]field{{name: "budget_left", title: text{"Budget left", "剩余预算"}, unit: "percentunit", decimals: 0, thresholds: steps(vermillion, from(0, amber), from(0.25, green))},
			count("spent", text{"Ratings not satisfied", "未达满意的评分数"}), sampleSize()}, b.bounds()...)))
	b.add(12, 4, b.stat(
		text{"Responses and their mean rating", "响应数量与平均分"},
		text{"Responses are all feedback; those without a score are in no share. Staff's ratings are in none of these figures.",
			"响应数量为全部反馈；无分反馈不计入任何比例。员工评分不计入这些数字。"},
		b.table("volume.sql", nil),
		[]field{count("responses", text{"Responses", "响应数量"}), sampleSize(), count("unscored", text{"Without a score", "无分反馈"}),
			{name: "mean", title: text{"Mean rating", "平均分"}, unit: "none", decimals: 2},
			{name: "mean_low", title: text{"From (95 %)", "下限 (95%)"}, unit: "none", decimals: 2},
			{name: "mean_high", title: text{"To (95 %)", "上限 (95%)"}, unit: "none", decimals: 2}}))
	b.add(12, 4, b.stat(
		text{"Up to when the figures are complete", "数据截至何时"},
		text{"The least of all partitions, as ClickHouse has it: read up to, and closed windows complete up to. Partitions that were never read lack in all figures.",
			"ClickHouse 中所有分区的最小值：已读取到的时间，以及已关闭窗口完整到的时间。从未读取的分区不在任何数字之中。"},
		b.table("freshness.sql", nil),
		[]field{{name: "fresh", title: text{"Read up to", "已读取至"}, unit: "dateTimeFromNow"},
			{name: "complete_to", title: text{"Windows complete up to", "窗口完整至"}, unit: "dateTimeFromNow"},
			{name: "missing", title: text{"Partitions never read", "从未读取的分区"}, unit: "short", thresholds: steps(green, from(1, vermillion))}}))
}

func (b *board) course() {
	b.add(24, 10, b.trend())
	mix := b.list(text{"Ratings by stars", "按星级的评分构成"},
		text{"Stars round half up: 4 stars are 3.5 to 4.49 and so not all satisfied.", "星级按四舍五入计算：4 星为 3.5 至 4.49 分，因此不全是满意评分。"},
		b.table("mix.sql", nil),
		append([]field{{name: "stars", title: text{"Stars", "星级"}, unit: "suffix: ★"}, count("count", text{"Ratings", "评分数"}),
			b.share("share", text{"Share", "占比"}), sampleSize()}, b.bounds()...))
	bands := b.list(text{"Ratings by band", "按满意度区间的评分构成"},
		text{"Highly satisfied ratings (4.5 and above) are satisfied ones too. Dissatisfied is 3 and lower, neutral is between.",
			"非常满意（4.5 分及以上）也计入满意。不满意为 3 分及以下，中立介于两者之间。"},
		b.table("bands.sql", nil),
		append([]field{b.band(), count("count", text{"Ratings", "评分数"}), b.share("share", text{"Share", "占比"}), sampleSize()}, b.bounds()...))
	b.add(8, 8, neutralShares(mix))
	b.add(8, 8, neutralShares(bands))
	b.add(8, 8, b.starsOverTime())
}

// neutralShares takes the colors off the shares of a panel that are good neither high nor low.
func neutralShares(p Panel) Panel {
	p.FieldConfig.Defaults.Thresholds = steps("text")
	for i := range p.FieldConfig.Overrides {
		o := &p.FieldConfig.Overrides[i]
		for j := range o.Properties {
			if o.Properties[j].ID == "thresholds" {
				o.Properties[j].Value = steps("text")
			}
		}
	}
	return p
}

func (b *board) band() field {
	return field{name: "band", title: text{"Band", "区间"}, words: []Mapping{{Type: "value", Options: map[string]Word{
		"highly_satisfied": {Text: b.t(text{"highly satisfied (≥ 4.5)", "非常满意（≥ 4.5）"}), Index: 0},
		"satisfied":        {Text: b.t(text{"satisfied (≥ 4)", "满意（≥ 4）"}), Index: 1},
		"neutral":          {Text: b.t(text{"neutral", "中立"}), Index: 2},
		"dissatisfied":     {Text: b.t(text{"dissatisfied (≤ 3)", "不满意（≤ 3）"}), Index: 3},
	}}}}
}

// trend shows closed windows with the band of their interval, the target and the milestones as lines that the legend
// names, and n as bars beneath.
func (b *board) trend() Panel {
	target := b.cfg.Rules.Target.Value
	p := b.graph(text{"Share of satisfied ratings in the rolling window, against target and milestones", "滚动窗口内的满意率与目标、里程碑"},
		text{"Closed windows of the chosen length that are complete, with their 95 % Wilson interval as a band and n as bars. Red marks are alerts.",
			"所选长度的已关闭且完整的窗口；色带为 95% Wilson 置信区间，柱为样本量 n。红色标记为警报。"},
		"percentunit", b.series("trend.sql", nil))
	p.FieldConfig.Defaults.Thresholds = b.stages()
	p.FieldConfig.Defaults.Max = ptr(1.0)
	share := b.share("share", text{"Satisfied", "满意率"})
	share.more = line(blue, 2)
	low := field{name: "low", title: text{"From (95 %)", "下限 (95%)"}, unit: "percentunit", decimals: 1, more: line(skyBlue, 0)}
	high := field{name: "high", title: text{"To (95 %)", "上限 (95%)"}, unit: "percentunit", decimals: 1,
		more: append(line(skyBlue, 0), Property{"custom.fillBelowTo", b.t(low.title)}, Property{"custom.fillOpacity", 20})}
	n := sampleSize()
	n.more = thinBars()
	goal := field{name: "target", title: text{"Target " + percent(target).en, "目标 " + percent(target).zh}, unit: "percentunit", decimals: 1, more: line(green, 1)}
	fields := []field{share, low, high, n, goal}
	for i, m := range b.cfg.milestones() {
		name := b.t(percent(b.cfg.Milestones[i]))
		fields = append(fields, field{name: m.Name, title: text{"Milestone " + name, "里程碑 " + name}, unit: "percentunit", decimals: 1, more: line(amber, 1, 6, 6)})
	}
	p.FieldConfig.Overrides = b.columns(fields...)
	return p
}

func (b *board) starsOverTime() Panel {
	p := b.graph(text{"Ratings per day, by stars", "每日评分数（按星级）"}, text{"Counts of the ratings with a score. Days begin at midnight, " + b.cfg.zoneName() + ".", "有分评分的数量。每日从 " + b.cfg.zoneName() + " 零点开始。"},
		"locale", b.series("stars.sql", nil))
	p.Interval = "1d"
	for i, color := range []string{vermillion, amber, grey, skyBlue, blue} {
		f := field{name: fmt.Sprintf("stars_%d", i+1), title: text{fmt.Sprintf("%d ★", i+1), fmt.Sprintf("%d 星", i+1)},
			more: []Property{{"color", Color{"fixed", color}}, {"custom.drawStyle", "bars"}, {"custom.fillOpacity", 80}, {"custom.lineWidth", 0},
				{"custom.stacking", map[string]string{"group": "A", "mode": "normal"}}}}
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, b.column(f))
	}
	return p
}

// breakdown says which values of a dimension the query is for.
type breakdown struct {
	Dimension string
	ByService bool // whether the variable service narrows it
	Most      int
}

func (b *board) origins() {
	wide := text{" Of all services: the variable does not narrow it.", "统计全部服务，不受“服务”变量影响。"}
	for _, d := range []struct {
		breakdown
		title, name, more text
	}{
		{breakdown{"service", true, 100}, text{"By service", "按服务"}, text{"Service", "服务"}, text{}},
		{breakdown{"product", false, 50}, text{"By product: the 50 with most ratings below the target", "按产品：未达满意的评分最多的 50 个"}, text{"Product", "产品"}, wide},
		{breakdown{"channel", false, 50}, text{"By channel", "按渠道"}, text{"Channel", "渠道"}, wide},
		{breakdown{"segment", false, 50}, text{"By customer segment", "按客户群体"}, text{"Segment", "客户群体"}, wide},
	} {
		p := b.list(d.title, text{
			"Sorted by the share of all ratings that are not satisfied, which is by their number. The change is against the equally long time before, in points with its 95 % interval (Newcombe)." + d.more.en,
			"按其在全部未达满意评分中的占比（即数量）排序。变化为与之前等长时段相比的百分点及其 95% 置信区间（Newcombe）。" + d.more.zh},
			b.table("breakdown.sql", d.breakdown), b.breakdownFields(d.breakdown, d.name))
		b.add(24, 8, p)
	}
}

func (b *board) breakdownFields(d breakdown, name text) []field {
	var links []Link
	switch d.Dimension {
	case "service":
		links = append(b.pageOf(services), Link{Title: b.t(text{"Watch this service", "查看该服务的监控"}),
			URL: "/d/" + b.uid(OnCallUID) + "?var-dimension=service&var-value=${__value.raw:percentencode}"})
	case "segment":
		links = b.pageOf(segments)
	}
	value := linkedTo(field{name: "value", title: name}, links)
	points := text{" (points)", "（百分点）"}
	bad := count("bad", text{"Not satisfied", "未达满意"})
	bad.more = []Property{{"custom.cellOptions", map[string]string{"type": "gauge", "mode": "basic"}}, {"min", 0}, {"color", Color{"fixed", amber}}}
	fields := append([]field{value, b.share("share", text{"Satisfied", "满意率"})}, b.bounds()...)
	return append(fields, sampleSize(), inCell(b.verdict()), bad,
		field{name: "change", title: text{"Change" + points.en, "变化" + points.zh}, unit: "none", decimals: 1},
		field{name: "change_low", title: text{"From" + points.en, "下限" + points.zh}, unit: "none", decimals: 1},
		field{name: "change_high", title: text{"To" + points.en, "上限" + points.zh}, unit: "none", decimals: 1},
		inCell(b.moved()), count("n_before", text{"n before", "之前的 n"}))
}

// metric is a built-in quality metric for queries.
type metric struct {
	Name  string
	Scale int // of the stored sums
}

func (b *board) quality() {
	mean := text{"Means with their n. There is no interval: panes hold no squares of these figures. Days begin at midnight, " + b.cfg.zoneName() + ".", "平均值及其样本量。没有置信区间：窗格不保存这些数值的平方和。每日从 " + b.cfg.zoneName() + " 零点开始。"}
	b.add(24, 6, b.list(text{"Quality by service", "各服务的质量指标"}, mean, b.table("quality.sql", nil), []field{
		linkedTo(field{name: "value", title: text{"Service", "服务"}}, b.pageOf(services)),
		{name: "response_time", title: text{"Response time", "响应时间"}, unit: "ms"}, count("response_time_n", text{"n (response time)", "n（响应时间）"}),
		{name: "accuracy", title: text{"Accuracy", "准确度"}, unit: "percentunit", decimals: 1}, count("accuracy_n", text{"n (accuracy)", "n（准确度）"}),
		{name: "completeness", title: text{"Completeness", "完整度"}, unit: "percentunit", decimals: 1}, count("completeness_n", text{"n (completeness)", "n（完整度）"}),
	}))
	b.add(12, 8, b.qualityTrend(text{"Mean response time per day", "每日平均响应时间"}, mean, "ms",
		[]metric{{"response_time", 1}}, text{"Response time", "响应时间"}))
	b.add(12, 8, b.qualityTrend(text{"Mean accuracy and completeness per day", "每日平均准确度与完整度"}, mean, "percentunit",
		[]metric{{"accuracy", 1_000_000}, {"completeness", 1_000_000}}, text{"Accuracy", "准确度"}, text{"Completeness", "完整度"}))
}

func (b *board) qualityTrend(title, description text, unit string, metrics []metric, names ...text) Panel {
	p := b.graph(title, description, unit, b.series("qualitytrend.sql", struct{ Metrics []metric }{metrics}))
	p.Interval = "1d"
	p.FieldConfig.Defaults.Thresholds = steps("text")
	colors := []string{blue, green}
	for i, m := range metrics {
		n := count("count_"+m.Name, text{"n (" + names[i].en + ")", "n（" + names[i].zh + "）"})
		n.more = thinBars()
		mean := field{name: "mean_" + m.Name, title: names[i], more: line(colors[i], 2)}
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, b.column(mean), b.column(n))
	}
	return p
}
