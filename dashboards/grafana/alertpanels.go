package grafana

// Most customers of the watch list.
const mostWatched = 50

// attention shows who needs a person now, and how well that has worked.
func (b *board) attention() {
	b.add(24, 9, b.watchList())
	b.add(10, 7, b.alertLevels())
	b.add(14, 7, b.alertWeeks())
}

func (b *board) watchList() Panel {
	p := b.list(text{"Customers who need attention now: the 50 most urgent", "当前需要关注的客户：最紧急的 50 位"},
		text{"Of now, whatever the range: customers with alerts that somebody has still to work on. Urgency is 1, 2 or 4 by severity, times the customer's weight, half as much again while nobody has seen the alert, and as much again when it is overdue; of several alerts the sum. What is said in figures is of the most urgent one: the lowest rating, the mean, or the satisfied share with its 95 % interval, and what it is below. With a choice of services: customers whose alerts' last rating was of one of them.",
			"与时间范围无关，为当前状态：仍有警报待处理的客户。紧急度按级别为 1、2 或 4，乘以客户权重；无人查看时加一半，超期时再加一倍；多个警报相加。数字来自最紧急的警报：最低评分、平均分，或满意率及其 95% 置信区间，以及所低于的值。选择服务时：警报的最近一次评分属于所选服务的客户。"},
		b.table("watchlist.sql", struct{ Most int }{mostWatched}),
		[]field{
			linkedTo(field{name: "customer", title: text{"Customer", "客户"}}, b.pageOf(customers)),
			inCell(b.severity("severity")), b.reasons(),
			{name: "figure", title: text{"Figure (n) < what it is below", "数值（n）< 所低于的值"}},
			{name: "since", title: text{"Since", "始于"}, unit: "dateTimeFromNow"},
			inCell(b.state()), {name: "assignee", title: text{"Assigned to", "负责人"}},
			{name: "due", title: text{"Due", "期限"}, unit: "dateTimeFromNow"}, inCell(b.overdue()),
			{name: "score", title: text{"Urgency", "紧急度"}, unit: "none", decimals: 1},
		})
	p.FieldConfig.Defaults.Thresholds = steps("text")
	return p
}

func (b *board) alertLevels() Panel {
	p := b.list(text{"Alerts that somebody has still to work on", "待处理的警报"},
		text{"Of now, by severity: those on customers, and those on services and segments whose share of satisfied ratings has fallen significantly. With a choice of services: those on them, and on customers whose last rating was of one of them.",
			"当前状态，按级别：客户警报，以及满意率显著下降的服务和客户群的警报。选择服务时：这些服务的警报，以及最近一次评分属于这些服务的客户的警报。"},
		b.table("alertlevels.sql", nil),
		[]field{
			inCell(b.severity("level")), count("customers", text{"On customers", "客户"}), count("groups", text{"On services and segments", "服务和客户群"}),
			inCell(counted("unseen", text{"Nobody has seen", "无人查看"}, amber)), inCell(counted("overdue", text{"Overdue", "已超期"}, vermillion)),
			{name: "oldest", title: text{"Oldest since", "最早始于"}, unit: "dateTimeFromNow"},
		})
	p.FieldConfig.Defaults.NoValue = b.t(text{"none", "没有"})
	return p
}

// counted is a count that is best 0.
func counted(name string, title text, color string) field {
	f := count(name, title)
	f.thresholds = steps("text", from(1, color))
	f.more = []Property{{"color", Color{Mode: "thresholds"}}}
	return f
}

func (b *board) alertWeeks() Panel {
	return neutralShares(b.list(text{"Alerts on customers, by week", "客户警报（按周）"},
		text{"Weeks from Monday, " + b.cfg.zoneName() + "; the first and the last may be cut by the range. An alert that was reopened counts in the week in which it was. Contact in time: of the alerts opened in the week whose customer was contacted, or should have been; n is how many that is. The time to contact is the median of those who were. A week without an alert has no row.",
			"每周从周一（" + b.cfg.zoneName() + "）开始；首尾两周可能被时间范围截断。重新打开的警报计入重新打开的那一周。按时联系：该周警报中客户已联系或本应已联系的部分，n 为其数量。联系用时为已联系者的中位数。没有警报的周不显示。"},
		b.table("alertweeks.sql", nil),
		append([]field{
			{name: "week", title: text{"Week from", "周（起始日）"}}, count("opened", text{"Opened", "新增"}), count("resolved", text{"Resolved", "已解决"}),
			count("by_itself", text{"Of these by itself", "其中自行恢复"}), count("contacted", text{"Contacted", "已联系"}),
			{name: "median", title: text{"Median time to contact", "联系用时中位数"}, unit: "s"},
			b.share("share", text{"In time", "按时联系"}), count("n", text{"n (contacts due)", "n（应联系）"}),
		}, b.bounds()...)))
}
