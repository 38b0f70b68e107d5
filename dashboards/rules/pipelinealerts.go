package rules

import (
	"fmt"
	"time"
)

// pipelineAlerts say that the pipeline wants attention while the figures stand.
func (g generator) pipelineAlerts() []Rule {
	all := []alert{g.catchingUpLong(), g.deadLetters(), g.insertErrors(), g.recordsLost(), g.misrouted(),
		g.identityConflicts(), g.verifyDifferences(), g.dimensionOutgrown(), g.metricsOutgrown()}
	if g.cfg.Verify > 0 {
		all = append(all, g.verifyStopped())
	}
	all = append(all, g.outdatedAlerts()...)
	all = append(all, processorDown(), gatewayDown(), gatewayInstanceDown(), gatewayDependencyDown())
	all = append(all, g.erasureAlerts()...)
	if g.cfg.CustomerAlerts {
		all = append(all, g.customerAlerts()...)
	}
	return g.rules(all)
}

func (g generator) catchingUpLong() alert {
	return alert{
		name: "SatisflowCatchingUpLong", severity: Ticket, class: ClassPipeline,
		expr: promql(anyCatchingUp + " > 0"),
		wait: 30 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"The pipeline has been catching up for 30 minutes: nobody is paged about the target meanwhile.",
			"处理已持续追赶 30 分钟：其间不会发出目标类警报。",
			"A backlog that shrinks needs no hand, but the target is not watched until it is gone.",
			"积压若在减少则无需处理，但在追上之前目标无人监控。",
		},
	}
}

func (g generator) deadLetters() alert {
	return alert{
		name: "SatisflowDeadLetters", severity: Ticket, class: ClassPipeline,
		expr: promql(`
sum({rejected}) / sum({consumed}) > 0.01
and
  sum({rejected}) >= 5`, "rejected", ofEpoch("increase(satisflow_records_rejected_total[{range}])"),
			"consumed", ofEpoch("increase(satisflow_records_consumed_total[{range}])"), "range", g.duration(time.Hour)),
		wait: 10 * time.Minute, keep: 30 * time.Minute,
		text: text{
			rounded().en + " of the records of the last hour were rejected and are in no figure.",
			"最近一小时 " + rounded().zh + " 的记录被拒收，未计入统计。",
			fmt.Sprintf(`Most often: {{ range query "topk(1, sum by (reason) (increase(satisflow_records_rejected_total[%s])))" }}{{ .Labels.reason }}{{ end }}. They are kept and can be replayed.`, g.duration(time.Hour)),
			fmt.Sprintf(`最多的原因：{{ range query "topk(1, sum by (reason) (increase(satisflow_records_rejected_total[%s])))" }}{{ .Labels.reason }}{{ end }}。记录完整保留，可以重放。`, g.duration(time.Hour)),
		},
	}
}

func (g generator) insertErrors() alert {
	return alert{
		name: "SatisflowInsertErrors", severity: Ticket, class: ClassPipeline,
		expr: promql(`
sum by (instance, table) ({failed})
/
  (sum by (instance, table) ({all}) > 0)
> 0.1`, "failed", ofEpoch(`rate(satisflow_inserts_total{result="error"}[{range}])`), "all", ofEpoch("rate(satisflow_inserts_total[{range}])"), "range", g.duration(15*time.Minute)),
		wait: 15 * time.Minute, keep: 15 * time.Minute,
		text: text{
			rounded().en + " of the inserts of {{ $labels.instance }} into {{ $labels.table }} fail and are repeated.",
			"{{ $labels.instance }} 写入 {{ $labels.table }} 的操作有 " + rounded().zh + " 失败并在重试。",
			"Inserts are repeated until they succeed, so that nothing is lost; figures become late.",
			"写入会重试直到成功，不会丢失数据，但统计会延迟。",
		},
	}
}

// risen counts what a counter rose by in the range. It compares with the last value before, which a gap between scrapes
// may have made older than the range; a counter without one counts whole if its process has started since, which is what
// increase alone would miss. An old counter that a new Prometheus sees for the first time says nothing about the range.
const risen = `sum{by} (
  (
      ({counter} - last_over_time({counter}[{day}] offset {range})) > 0
    or
      ({counter} unless last_over_time({counter}[{day}] offset {range})) > 0
        and on (instance)
      process_start_time_seconds > time() - {seconds}
    or
      increase({counter}[{range}]) > 0
  ){scope}
)`

// risen writes the expression; scope is what else must hold.
func (g generator) risen(by, counter, scope string) string {
	return promql(risen, "by", by, "counter", counter, "scope", scope, "range", g.duration(time.Hour), "day", g.duration(24*time.Hour), "seconds", g.seconds(time.Hour))
}

func (g generator) recordsLost() alert {
	return alert{
		name: "SatisflowRecordsLost", severity: Page, class: ClassPipeline,
		expr: g.risen(" by (epoch, partition)", "satisflow_records_lost_total", ""),
		keep: 30 * time.Minute,
		text: text{
			"{{ $value | printf \"%.0f\" }} records of partition {{ $labels.partition }} were deleted from Kafka before they were read: ratings are lost.",
			"分区 {{ $labels.partition }} 有 {{ $value | printf \"%.0f\" }} 条记录在读取前已被 Kafka 删除：评分已丢失。",
			"The retention of the topic overtook the processor. Every minute that it stays behind can lose more.",
			"主题的保留期已超过处理进度。落后的每一分钟都可能丢失更多数据。",
		},
	}
}

func (g generator) misrouted() alert {
	return alert{
		name: "SatisflowMisrouted", severity: Ticket, class: ClassPipeline,
		expr: g.risen("", "satisflow_misrouted_total", ofEpoch("")),
		keep: 30 * time.Minute,
		text: text{
			"{{ $value | printf \"%.0f\" }} ratings of the last hour were not in the partition of their customer: a producer uses another key or partitioner.",
			"最近一小时有 {{ $value | printf \"%.0f\" }} 条评分不在其客户的分区：某个生产者使用了其他键或分区算法。",
			"They are counted where they are. But a correction that goes to the right partition counts a second time: `satisflow verify --repair` mends it.",
			"这些评分按所在分区统计。但若更正发往正确分区，就会重复计数：用 `satisflow verify --repair` 修复。",
		},
	}
}

// identityConflicts lasts: a processor that starts shows 0 until it has compared, once an hour.
func (g generator) identityConflicts() alert {
	return alert{
		name: "SatisflowIdentityConflicts", severity: Ticket, class: ClassPipeline,
		expr: promql("max({last}) > 0", "last", ofEpoch("max_over_time(satisflow_identity_conflicts["+g.duration(2*time.Hour)+"])")),
		wait: 5 * time.Minute,
		text: text{
			"{{ $value }} ratings have one id but two times or customers, and count twice.",
			"有 {{ $value }} 个评分编号对应多个时间或客户，被重复计数。",
			"rating_id, occurred_at and customer_id belong together for ever. A producer changed one of them, or uses an id again.",
			"rating_id、occurred_at 与 customer_id 必须始终对应。某个生产者更改了其中之一，或重复使用编号。",
		},
	}
}

// verifyDifferences lasts until every month has had its turn again: each comparison is of the last days and one older month,
// and shows only what it found itself.
func (g generator) verifyDifferences() alert {
	return alert{
		name: "SatisflowVerifyDifferences", severity: Ticket, class: ClassPipeline,
		expr: promql("max({last}) > 0", "last", ofEpoch("max_over_time(satisflow_verify_differences["+g.duration(26*time.Hour)+"])")),
		wait: 5 * time.Minute,
		text: text{
			"{{ $value }} stored sums differ from the ratings that they are of.",
			"有 {{ $value }} 个存储的汇总与其评分不一致。",
			"satisflow verify recomputed panes and windows from the facts. Figures in ClickHouse are wrong where they differ.",
			"satisflow verify 依据明细重新计算了窗格和窗口。不一致之处，ClickHouse 中的统计是错误的。",
		},
	}
}

func (g generator) dimensionOutgrown() alert {
	limit := fmt.Sprint(g.cfg.DimensionValues)
	return alert{
		name: "SatisflowDimensionOutgrown", severity: Ticket, class: ClassPipeline,
		expr: promql("max by (dimension) ({values}) > {limit}", "values", ofEpoch("max_over_time(satisflow_dimension_values["+g.duration(15*time.Minute)+"])"), "limit", limit),
		wait: time.Hour, keep: time.Hour,
		text: text{
			"Dimension {{ $labels.dimension }} has {{ $value }} values, more than the " + limit + " that windows are kept for.",
			"维度" + dimensionZH + "有 {{ $value }} 个取值，超过窗口汇总的上限 " + limit + "。",
			"Each value costs rows in every pane and window. A dimension that has outgrown this is made a detail by a new epoch.",
			"每个取值都会在所有窗格和窗口中占用行。超出上限的维度应通过新的纪元（epoch）改为明细。",
		},
	}
}

// metricsOutgrown says that figures of single values are missing in Prometheus, and so in alerts: ClickHouse has them.
func (g generator) metricsOutgrown() alert {
	return alert{
		name: "SatisflowDimensionOutgrown", severity: Ticket, class: ClassPipeline, labels: map[string]string{"limit": "metrics"},
		expr: promql("max by (dimension) ({folded}) > 0", "folded", ofEpoch("max_over_time(satisflow_dimension_folded_values["+g.duration(15*time.Minute)+"])")),
		wait: time.Hour, keep: time.Hour,
		text: text{
			"Dimension {{ $labels.dimension }} has too many values for /metrics: {{ $value }} of them count under the value other.",
			"维度" + dimensionZH + "的取值过多，超出 /metrics 的容量：其中 {{ $value }} 个合并计入 other。",
			"Alerts and panels of Prometheus do not see these values by name. ClickHouse, the API and the pages have all of them. Often an id is written into a field that should have few values.",
			"Prometheus 的警报和面板无法按名称看到这些取值；ClickHouse、API 和页面仍有全部数据。常见原因是把编号写入了取值应当很少的字段。",
		},
	}
}

func processorDown() alert {
	return alert{
		name: "SatisflowProcessorDown", severity: Ticket, class: ClassPipeline,
		expr: promql(`up{job="{job}"} == 0`, "job", Processor),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"The processor {{ $labels.instance }} does not answer; others have taken its partitions if there are any.",
			"处理进程 {{ $labels.instance }} 无响应；若有其他进程，其分区已被接管。",
			"Prometheus can't scrape it: it is down, or the network between them is.",
			"Prometheus 无法抓取该进程：进程已停止或网络不通。",
		},
	}
}

func gatewayDown() alert {
	return alert{
		name: "SatisflowGatewayDown", severity: Page, class: ClassPipeline,
		expr: promql(`max by (job) (up{job="{job}"}) == 0`, "job", Gateway),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"No gateway answers: ratings sent over HTTP are rejected and the pages are down.",
			"所有网关均无响应：无法通过 HTTP 接收评分，页面也无法访问。",
			"Senders that do not repeat lose ratings meanwhile. Those that write to Kafka themselves are not concerned.",
			"不重试的发送端在此期间会丢失评分。直接写入 Kafka 的不受影响。",
		},
	}
}

// gatewayInstanceDown is about one of several, which may be the one that writes: SatisflowCustomerAlertsStale pages then.
func gatewayInstanceDown() alert {
	return alert{
		name: "SatisflowGatewayInstanceDown", severity: Ticket, class: ClassPipeline,
		expr: promql(`up{job="{job}"} == 0`, "job", Gateway),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"The gateway {{ $labels.instance }} does not answer; others serve its users if there are any.",
			"网关 {{ $labels.instance }} 无响应；若有其他网关，由其继续服务。",
			"Prometheus can't scrape it: it is down, or the network between them is.",
			"Prometheus 无法抓取该网关：进程已停止或网络不通。",
		},
	}
}

// gatewayDependencyDown is apart from SatisflowDependencyDown: figures go on while only gateways are cut off.
func gatewayDependencyDown() alert {
	return alert{
		name: "SatisflowGatewayDependencyDown", severity: Page, class: ClassPipeline,
		expr: promql(`max by (part) (satisflow_up{job="{job}",part=~"kafka|clickhouse"}) == 0`, "job", Gateway),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			`No gateway reaches ` + partName + `: {{ if eq $labels.part "kafka" }}ratings sent over HTTP are rejected{{ else }}the API and the pages show no figures{{ end }}.`,
			`所有网关都无法连接 ` + partName + `：{{ if eq $labels.part "kafka" }}无法通过 HTTP 接收评分{{ else }}API 和页面无法显示数据{{ end }}。`,
			"Senders that do not repeat lose ratings while Kafka cannot be reached. Those that write to Kafka themselves are not concerned.",
			"无法连接 Kafka 期间，不重试的发送端会丢失评分。直接写入 Kafka 的不受影响。",
		},
	}
}
