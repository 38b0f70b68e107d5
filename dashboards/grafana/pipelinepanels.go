package grafana

import (
	"time"

	"github.com/prometheus/common/model"
)

// inflow shows whether ratings come, and how old the figures are.
func (b *board) inflow() {
	b.add(12, 8, b.graph(text{"Records read per second, and a week before", "每秒读取的记录数及一周前"},
		text{"Of all processors. Far below last week means that something upstream has stopped, or that nobody reads.", "全部处理进程合计。远低于上周说明上游停止，或没有进程在读取。"}, "reqps",
		[]Target{
			over("read", "sum("+ofEpoch("rate(satisflow_records_consumed_total[$__rate_interval])")+")", b.t(text{"read", "读取"})),
			over("week", "sum("+ofEpoch("rate(satisflow_records_consumed_total[$__rate_interval] offset 7d)")+" offset 7d)", b.t(text{"a week before", "一周前"})),
		},
		b.target(field{name: "week", more: line(grey, 1, 6, 6)})))
	b.add(12, 8, b.graph(text{"Records that wait, by partition", "各分区等待处理的记录数"},
		text{"Behind the last record read, of the best owner of each partition.", "最后读取位置之后的记录数，取每个分区的最佳所有者。"}, "locale",
		[]Target{over("lag", lagMin, "{{partition}}")}))
	b.add(8, 8, b.graph(text{"End to end: age of what is shown", "端到端：展示数据的滞后"},
		text{"Time since the partition that is furthest behind was read to its end. Alerts on the target wait above one minute.", "落后最多的分区距上次读到末尾的时间。超过一分钟时，目标类警报暂停。"}, "s",
		[]Target{over("age", "time() - min("+freshMax+" > 0)", b.t(text{"age", "滞后"})),
			over("catching_up", "sum(min by (partition) (satisflow_catching_up and on (epoch, partition, instance) "+ownerNow+"))", b.t(text{"partitions catching up", "正在追赶的分区"}))},
		b.target(field{name: "catching_up", unit: "locale", more: thinBars()})))
	b.add(8, 8, b.graph(text{"Age of the watermark, by partition", "各分区水位线的滞后"},
		text{"Windows that ended before it are stored. It stays about two minutes behind the newest rating.", "在此之前结束的窗口均已存储。水位线通常落后最新评分约两分钟。"}, "s",
		[]Target{over("age", "time() - ("+watermarkMax+" > 0)", "{{partition}}")}))
	window := b.cfg.near(time.Hour)
	short, length := window.Name, model.Duration(window.Length).String()
	b.add(8, 8, b.graph(text{"Counted by the counters and by the windows, in " + short, short + " 内：计数器与窗口的对比"},
		text{"Admitted records of the last " + short + " beside the responses in the current window of that length. Duplicates, corrections, late ratings and replays make the counters higher; windows that are higher for long are wrong.",
			"最近 " + short + " 接收的记录与当前同长窗口的响应数量。重复、更正、迟到和重放会使计数器偏高；窗口长期偏高则说明有误。"}, "locale",
		[]Target{
			over("counters", "sum("+ofEpoch("increase(satisflow_records_admitted_total["+length+"])")+")", b.t(text{"counters", "计数器"})),
			over("windows", `sum(max by (partition) (satisflow_window_ratings{window="`+short+`",dimension="overall"} and on (epoch, partition, instance) `+ownerNow+`))
+
sum(max by (partition) (satisflow_window_unscored{window="`+short+`",dimension="overall"} and on (epoch, partition, instance) `+ownerNow+`))`, b.t(text{"windows", "窗口"})),
		}))
	b.add(24, 7, b.qualityNow())
}

// qualityNow has the means that lead satisfaction, with their n.
func (b *board) qualityNow() Panel {
	in := b.cfg.Rules.Leading.Long
	p := b.list(text{"Quality in the last " + in + ", by service", "最近 " + in + " 的服务质量"},
		text{"Means in the metric's unit (response time in ms, accuracy and completeness 0 to 1) with their n, and what is configured as the service's standard; there is no interval, since gauges hold no squares.",
			"各指标的平均值（响应时间为毫秒，准确度和完整度为 0 到 1）、样本量和配置的服务标准；没有置信区间，因为指标不含平方和。"},
		[]Target{cell("mean", "sum by (value, metric) ("+qualityMean+`{window="`+in+`",dimension="service"})`),
			cell("n", "sum by (value, metric) ("+qualityCount+`{window="`+in+`",dimension="service"})`),
			cell("standard", "max by (value, metric) ("+standardMax+")")},
		[]field{{name: "value", title: text{"Service", "服务"}}, {name: "metric", title: text{"Metric", "指标"}},
			{name: "Value #mean", title: text{"Mean", "平均值"}, unit: "none", decimals: 2}, count("Value #n", text{"n", "n"}),
			{name: "Value #standard", title: text{"Standard", "标准"}, unit: "none", decimals: 2}})
	p.Transforms = joined()
	return p
}

// exceptions shows records that are no plain new ratings.
func (b *board) exceptions() {
	rise := func(metric string) string { return "sum(" + ofEpoch("increase("+metric+"[$__rate_interval])") + ")" }
	p := b.graph(text{"Dead letters, by reason", "死信（按原因）"},
		text{"Rejected records, whole and with the reason in the table dead_letters; mend the producer, then replay.", "被拒绝的记录，完整内容和原因见表 dead_letters；请修正生产者后重放。"}, "locale",
		[]Target{over("dead", "sum by (reason) ("+ofEpoch("increase(satisflow_records_rejected_total[$__rate_interval])")+") > 0", "{{reason}}")})
	p.Links = b.runbook("SatisflowDeadLetters")
	b.add(12, 8, p)
	b.add(12, 8, b.graph(text{"Duplicates, corrections, erasures, late and replayed records", "重复、更正、删除、迟到与重放的记录"},
		text{"All are harmless by themselves: they are counted once, anew or no more. A step means that a producer or an operator does something.", "这些本身无害：分别只计一次、重新计入或不再计入。突增说明生产者或运维有动作。"}, "locale",
		[]Target{
			over("duplicates", rise("satisflow_duplicates_total"), b.t(text{"duplicates", "重复"})),
			over("corrections", rise("satisflow_corrections_total"), b.t(text{"corrections", "更正"})),
			over("erasures", rise("satisflow_erasures_total"), b.t(text{"erasures", "删除"})),
			over("late", rise("satisflow_late_total"), b.t(text{"late", "迟到"})),
			over("replayed", rise("satisflow_replayed_total"), b.t(text{"replayed", "重放"})),
			over("frozen", rise("satisflow_frozen_total"), b.t(text{"older than the retention", "超出保留期"})),
		}))
	b.add(12, 5, b.numbers(text{"Records lost or in the wrong partition", "丢失或分区错误的记录"},
		text{"Since the processors started. Lost: Kafka deleted them before they were read. Misrouted: a producer uses another partitioner than murmur2.", "自处理进程启动以来。丢失：Kafka 在读取前已删除。分区错误：生产者未使用 murmur2 分区算法。"},
		[]Target{now("lost", "sum("+ofEpoch("satisflow_records_lost_total")+")", b.t(text{"lost", "丢失"})), now("misrouted", "sum("+ofEpoch("satisflow_misrouted_total")+")", b.t(text{"misrouted", "分区错误"}))},
		[]string{"lost", "misrouted"}, nil, "SatisflowRecordsLost", "SatisflowMisrouted"))
	b.add(12, 5, b.graph(text{"Ratings over HTTP: accepted and refused per second", "通过 HTTP 接收与拒绝的评分（每秒）"},
		text{"Of all gateways, by the reason for a refusal.", "全部网关合计，拒绝按原因区分。"}, "reqps",
		[]Target{
			over("accepted", "sum(rate(satisflow_ratings_accepted_total[$__rate_interval]))", b.t(text{"accepted", "接收"})),
			over("refused", "sum by (reason) (rate(satisflow_ratings_refused_total[$__rate_interval])) > 0", b.t(text{"refused: ", "拒绝："})+"{{reason}}"),
		}))
}

// store shows the writing to ClickHouse.
func (b *board) store() {
	b.add(8, 8, b.graph(text{"Rows written per second, by table", "每秒写入的行数（按表）"},
		text{"Rows that ClickHouse acknowledged.", "ClickHouse 已确认的行。"}, "rowsps",
		[]Target{over("rows", "sum by (table) ("+ofEpoch("rate(satisflow_rows_written_total[$__rate_interval])")+")", "{{table}}")}))
	slow := b.graph(text{"Time of inserts (p99, by table) and of whole flushes (p50, p99)", "写入耗时（p99，按表）与整次刷新耗时（p50、p99）"},
		text{"A flush is about once a second; one that takes longer delays the next.", "刷新约每秒一次；耗时更长会推迟下一次。"}, "s",
		[]Target{
			over("insert", "histogram_quantile(0.99, sum by (le, table) ("+ofEpoch("rate(satisflow_insert_seconds_bucket[$__rate_interval])")+"))", "{{table}} p99"),
			over("flush50", "histogram_quantile(0.5, sum by (le) ("+ofEpoch("rate(satisflow_flush_seconds_bucket[$__rate_interval])")+"))", b.t(text{"flush p50", "刷新 p50"})),
			over("flush99", "histogram_quantile(0.99, sum by (le) ("+ofEpoch("rate(satisflow_flush_seconds_bucket[$__rate_interval])")+"))", b.t(text{"flush p99", "刷新 p99"})),
		})
	b.add(8, 8, slow)
	failed := b.graph(text{"Failed inserts, facts that wait, time since a flush", "失败的写入、等待的事实、距上次刷新的时间"},
		text{"Failed inserts are repeated until they succeed. Facts wait for the next flush; many of them with an old flush mean that nothing gets through.", "失败的写入会重试直到成功。事实等待下一次刷新；大量等待且刷新很久以前，说明写入受阻。"}, "locale",
		[]Target{
			over("failed", "sum by (table) ("+ofEpoch(`increase(satisflow_inserts_total{result="error"}[$__rate_interval])`)+")", b.t(text{"failed: ", "失败："})+"{{table}}"),
			over("waiting", "sum("+ofEpoch("satisflow_pending_rows")+")", b.t(text{"facts that wait", "等待的事实"})),
			over("flushed", "time() - min(("+ofEpoch("satisflow_last_flush_timestamp_seconds")+") > 0)", b.t(text{"since the oldest last flush", "距最早的上次刷新"})),
		},
		b.target(field{name: "flushed", unit: "s", more: []Property{{"custom.axisPlacement", "right"}}}))
	failed.Links = append(b.runbook("SatisflowInsertErrors"), b.runbook("SatisflowInsertsStalled")...)
	b.add(8, 8, failed)
}

// processes shows what each process needs.
func (b *board) processes() {
	const jobs = `{job=~"satisflow.*"}`
	b.add(8, 8, b.graph(text{"CPU, in cores", "CPU（核）"}, text{"Of each process of satisflow.", "每个 satisflow 进程。"}, "none",
		[]Target{over("cpu", "rate(process_cpu_seconds_total"+jobs+"[$__rate_interval])", "{{job}} {{instance}}")}))
	b.add(8, 8, b.graph(text{"Memory: resident, and of panes and facts", "内存：常驻，以及窗格和事实"}, text{"The latter is bounded by processor.memory_bytes.", "后者受 processor.memory_bytes 限制。"}, "bytes",
		[]Target{over("resident", "process_resident_memory_bytes"+jobs, "{{instance}} "+b.t(text{"resident", "常驻"})),
			over("panes", "satisflow_memory_bytes", "{{instance}} "+b.t(text{"panes and facts", "窗格和事实"}))}))
	b.add(8, 8, b.graph(text{"Time in garbage collection pauses, per second", "每秒垃圾回收停顿时间"}, text{"Of each process; goroutines on the right.", "每个进程；右轴为 goroutine 数。"}, "s",
		[]Target{over("gc", "rate(go_gc_duration_seconds_sum"+jobs+"[$__rate_interval])", "{{instance}} GC"), over("goroutines", "go_goroutines"+jobs, "{{instance}} goroutines")},
		b.target(field{name: "goroutines", unit: "locale", more: []Property{{"custom.axisPlacement", "right"}}})))
	b.add(12, 7, b.graph(text{"Partitions owned, and rebalances", "拥有的分区与再均衡"}, text{"The owned partitions should add up to those of the topic. Every rebalance stops all processors for a moment.", "拥有的分区之和应等于主题的分区数。每次再均衡都会使所有处理进程短暂停顿。"}, "locale",
		[]Target{over("owned", ofEpoch("satisflow_partitions_owned"), "{{instance}}"), over("topic", "max("+ofEpoch("satisflow_topic_partitions")+")", b.t(text{"of the topic", "主题分区数"})),
			over("rebalances", "sum("+ofEpoch("increase(satisflow_rebalances_total[$__rate_interval])")+")", b.t(text{"rebalances", "再均衡"}))},
		b.target(field{name: "rebalances", more: thinBars()})))
	b.add(12, 7, b.graph(text{"Failed fetches and commits; HTTP answers with 5xx", "读取与提交失败；HTTP 5xx 应答"}, text{"Fetches and commits are repeated. A 5xx is a request that the gateway could not answer.", "读取与提交会重试。5xx 表示网关无法应答的请求。"}, "locale",
		[]Target{over("fetch", "sum("+ofEpoch("increase(satisflow_fetch_errors_total[$__rate_interval])")+")", b.t(text{"fetches", "读取"})),
			over("commit", "sum("+ofEpoch("increase(satisflow_commit_errors_total[$__rate_interval])")+")", b.t(text{"commits", "提交"})),
			over("http", `sum by (code) (increase(satisflow_http_requests_total{code=~"5.."}[$__rate_interval]))`, "HTTP {{code}}")}))
}
