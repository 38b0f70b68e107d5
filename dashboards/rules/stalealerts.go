package rules

import "time"

// Processor and Gateway are the jobs that deploy/prometheus scrapes.
const (
	Processor = "satisflow-processor"
	Gateway   = "satisflow-gateway"
)

// staleAlerts say that the figures of all services are not to be trusted.
func (g generator) staleAlerts() []Rule {
	return g.rules(append([]alert{g.metricsAbsent(), g.partitionsUnowned(), g.dependencyDown(), g.insertsStalled(), g.catchingUpInfo()}, g.lagAlerts()...))
}

func (g generator) metricsAbsent() alert {
	return alert{
		name: "SatisflowMetricsAbsent", severity: Page, class: ClassStale,
		expr: promql("absent_over_time({processors}[{range}])", "processors", processors, "range", g.duration(10*time.Minute)),
		wait: 5 * time.Minute,
		text: text{
			"No processor of the current epoch reports any metric: satisfaction is not being watched.",
			"当前纪元没有任何处理进程上报指标：满意度目前无人监控。",
			"Nothing has come from one for 10 minutes: all are down, Prometheus does not reach them, or after a switch of epochs those of the new one were not started.",
			"10 分钟内没有收到其指标：进程全部停止、Prometheus 无法访问它们，或切换纪元后没有启动新纪元的处理进程。",
		},
	}
}

func (g generator) partitionsUnowned() alert {
	return alert{
		name: "SatisflowPartitionsUnowned", severity: Page, class: ClassStale,
		expr: promql(`
  max({topic})
-
  (count(count by (partition) ({owned})) or vector(0))
> 0`, "topic", ofEpoch("satisflow_topic_partitions"), "owned", ofEpoch("satisflow_catching_up")),
		wait: 5 * time.Minute,
		text: text{
			"{{ $value }} partitions of the ratings have no processor: figures lack their customers.",
			"有 {{ $value }} 个分区没有处理进程：统计结果缺少这些客户。",
			"Partitions are given to processors by the consumer group. Some are with none, so their ratings wait in Kafka.",
			"分区由消费组分配给处理进程。部分分区无人处理，其评分滞留在 Kafka 中。",
		},
	}
}

func (g generator) dependencyDown() alert {
	return alert{
		name: "SatisflowDependencyDown", severity: Page, class: ClassStale,
		expr: promql(`
max by (part) (
    satisflow_up{job="{job}"}
  unless on (instance)
    (satisflow_partitions_owned unless on (epoch) {epoch})
) == 0`, "job", Processor, "epoch", epochNow),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"No processor reaches " + partName + ": figures are not updated.",
			"所有处理进程都无法连接 " + partName + "：统计结果已停止更新。",
			"Nothing is lost: ratings wait in Kafka and are counted when " + partName + " is back.",
			"数据不会丢失：评分保留在 Kafka 中，" + partName + " 恢复后会继续统计。",
		},
	}
}

func (g generator) insertsStalled() alert {
	return alert{
		name: "SatisflowInsertsStalled", severity: Page, class: ClassStale,
		expr: promql(`
max(
    time() - (
        max by (instance) (satisflow_last_flush_timestamp_seconds > 0)
      or on (instance)
        max by (instance) (process_start_time_seconds)
    )
  and on (instance)
    max by (instance) ({pending}) > 0
) > {old}`, "pending", ofEpoch("satisflow_pending_rows"), "old", g.seconds(10*time.Minute)),
		wait: 5 * time.Minute,
		text: text{
			"Nothing has reached ClickHouse for {{ $value | humanizeDuration }}, though ratings are waiting.",
			"已有 " + minutesZH + "没有数据写入 ClickHouse，而评分正在等待写入。",
			"A processor has pending rows and no acknowledged flush. Its memory is bounded, so it stops reading from Kafka; nothing is lost.",
			"某个处理进程有待写数据但没有成功写入。其内存有上限，会暂停读取 Kafka；数据不会丢失。",
		},
	}
}

// catchingUpInfo reaches nobody: Alertmanager inhibits target alerts by it, those too that fired before.
func (g generator) catchingUpInfo() alert {
	return alert{
		name: "SatisflowCatchingUp", severity: Info, class: ClassCatchingUp,
		expr: promql(anyCatchingUp + " > 0"),
		keep: 2 * time.Minute,
		text: text{
			"A partition is more than a minute behind: alerts on the target wait until it has caught up.",
			"有分区落后超过一分钟：追上之前，目标类警报暂停。",
			"Figures of a backlog are those of the past, so that a page on them would come late or be wrong.",
			"积压期间的统计反映的是过去，此时发出的警报会迟到或出错。",
		},
	}
}
