package grafana

import "satisflow/pipeline/alert"

// checks shows whether the parts are there and whether what is stored is right.
func (b *board) checks() {
	reach := b.list(text{"Processes that reach Kafka and ClickHouse", "能连接 Kafka 和 ClickHouse 的进程数"},
		text{"Of all processes, how many reached each part when they last asked. Nothing is lost while a part is away: figures stand still.", "每个部分最近一次检查时能连接的进程数。无法连接时不会丢失数据，只是统计停止更新。"},
		[]Target{cell("up", "sum by (part) (satisflow_up)"), cell("all", "count by (part) (satisflow_up)")},
		[]field{{name: "part", title: text{"Part", "部分"}}, count("Value #up", text{"Reached by", "可连接"}), count("Value #all", text{"of", "进程总数"})})
	reach.Transforms, reach.Links = joined(), b.runbook("SatisflowDependencyDown")
	b.add(8, 6, reach)
	b.add(8, 6, b.numbers(text{"Stored sums against their ratings (verify)", "存储的汇总与评分的比对（verify）"},
		text{"Rows that differed at the last comparison, ratings whose id stands for two, and how long ago that was. It runs once an hour by default; no age means never since the start.",
			"上次比对时不一致的行数、一个编号对应多个评分的数量，以及距上次比对的时间。默认每小时一次；没有时间表示启动后尚未比对。"},
		[]Target{
			now("differences", "max("+ofEpoch("satisflow_verify_differences")+")", b.t(text{"differences", "不一致"})),
			now("conflicts", "max("+ofEpoch("satisflow_identity_conflicts")+")", b.t(text{"identity conflicts", "编号冲突"})),
			now("age", "time() - max(("+ofEpoch("satisflow_verify_timestamp_seconds")+") > 0)", b.t(text{"since the comparison", "距上次比对"})),
		}, []string{"differences", "conflicts"}, []string{"age"}, "SatisflowVerifyDifferences", "SatisflowVerifyStopped", "SatisflowIdentityConflicts"))
	b.add(8, 6, b.numbers(text{"Erasures", "删除请求"},
		text{"Erasures whose text may still be read, and how long ago no disk held text of an erased rating. Both are to be done within a day.", "文字可能仍可读取的删除请求，以及距确认磁盘上没有已删除文字的时间。两者都应在一天内完成。"},
		[]Target{
			now("open", "max(satisflow_erasures_unfinished)", b.t(text{"unfinished", "未完成"})),
			now("disk", "time() - max(satisflow_erasure_scrub_timestamp_seconds > 0)", b.t(text{"since all disks were clean", "距磁盘清理完成"})),
		}, []string{"open"}, []string{"disk"}, "SatisflowErasuresUnfinished", "SatisflowErasedTextOnDisk"))
}

// customers shows the alerts on customers, and whether they come to people.
func (b *board) customers() {
	words := map[string]Word{}
	for i, r := range alert.AllRules() {
		words[string(r)] = Word{Text: b.t(ruleWords[r]), Index: i}
	}
	open := b.list(text{"Open alerts on customers, by rule and severity", "未关闭的客户警报（按规则和级别）"},
		text{"Alerts that somebody still has to work on. Which customers they are is on leadership's dashboard and on the pages of the gateway, never in a metric.",
			"仍需有人处理的警报。涉及哪些客户见管理层视图和网关页面，指标中不含客户编号。"},
		[]Target{cell("open", "sort_desc(max by (rule, severity) (satisflow_alerts_open) > 0)")},
		[]field{
			{name: "rule", title: text{"Rule", "规则"}, words: []Mapping{{Type: "value", Options: words}}}, b.severity("severity"),
			count("Value", text{"Open", "未关闭"}),
		})
	open.FieldConfig.Defaults.NoValue = b.t(text{"none open", "没有未关闭的警报"})
	open.Transforms = []Transform{{ID: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true}}}}
	open.Links = []BoardLink{boardLink(b.t(text{"Who they are", "涉及的客户"}), "/d/"+b.uid(LeadershipUID), "dashboard")}
	b.add(12, 7, open)
	b.add(12, 7, b.numbers(text{"Do alerts on customers come to people?", "客户警报是否送达？"},
		text{"Alerts of which a due time has passed, mails that wait, mails that were refused for good in the last day, and how long ago alerts were evaluated and Alertmanager had them all. The latter is shown where sending is on.",
			"已超过处理期限的警报、等待发送的邮件、最近一天被永久拒收的邮件，以及距上次计算和上次全部送达 Alertmanager 的时间（后者仅在启用推送时显示）。"},
		[]Target{
			now("overdue", "max(satisflow_alerts_overdue)", b.t(text{"overdue", "已超期"})),
			now("mails", "max(satisflow_mails_pending)", b.t(text{"mails that wait", "等待的邮件"})),
			now("refused", "sum(increase(satisflow_mails_refused_total[24h]))", b.t(text{"mails refused", "被拒邮件"})),
			now("evaluated", "time() - max(satisflow_alerts_evaluated_timestamp_seconds > 0)", b.t(text{"since evaluated", "距上次计算"})),
			now("pushed", "time() - max(satisflow_alerts_pushed_timestamp_seconds > 0)\nand on ()\n  max(satisflow_alerts_push_enabled) == 1", b.t(text{"since sent", "距上次送达"})),
		}, []string{"overdue", "mails", "refused"}, []string{"evaluated", "pushed"}, "SatisflowCustomerAlertsStale", "SatisflowCustomerAlertsUnsent", "SatisflowMailsPending", "SatisflowMailsRefused"))
}

// numbers shows numbers side by side: counts that are best 0, and ages.
func (b *board) numbers(title, description text, targets []Target, counts, ages []string, runbooks ...string) Panel {
	p := b.stat(title, description, targets, nil)
	options := p.Options.(statOptions)
	options.ReduceOptions.Fields = "" // numbers only: all fields would show the time too
	p.Options = options
	p.FieldConfig.Defaults.Thresholds = steps("text")
	p.FieldConfig.Defaults.Color = &Color{Mode: "thresholds"}
	for _, name := range counts {
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, b.target(field{name: name, unit: "locale", thresholds: steps(green, from(1, vermillion))}))
	}
	for _, name := range ages {
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, b.target(field{name: name, unit: "s"}))
	}
	for _, alert := range runbooks {
		p.Links = append(p.Links, b.runbook(alert)...)
	}
	return p
}
