package rules

import "time"

// erasureAlerts say that what customers asked to be removed may still be there.
func (g generator) erasureAlerts() []alert {
	return []alert{g.erasuresUnfinished(), g.erasedTextOnDisk()}
}

// erasuresUnfinished asks whether there was one at each moment of the last day that has metrics: a gap between scrapes, a
// restart of Prometheus or a gateway that starts, and shows 0 until it has looked, do not begin the day again. Before there
// is a day of metrics, nobody can tell.
func (g generator) erasuresUnfinished() alert {
	return alert{
		name: "SatisflowErasuresUnfinished", severity: Ticket, class: ClassPipeline,
		expr: promql(`
min_over_time(max(max_over_time(satisflow_erasures_unfinished[{range}]))[{day}:{step}]) > 0
and on ()
  count(last_over_time(satisflow_erasures_unfinished[{hour}] offset {day})) > 0`,
			"range", g.duration(30*time.Minute), "day", g.duration(24*time.Hour), "step", g.duration(15*time.Minute), "hour", g.duration(time.Hour)),
		wait: 15 * time.Minute, keep: 30 * time.Minute,
		text: text{
			"{{ $value }} erasures have not been finished for a day: what these customers asked to be removed may still be read.",
			"有 {{ $value }} 项删除请求超过一天未完成：客户要求删除的内容可能仍可读取。",
			"They were interrupted, or the processor did not store them in time. Asking for them again is harmless and finishes them.",
			"这些删除被中断，或处理进程未能及时写入。重新请求没有副作用，并会将其完成。",
		},
	}
}

// erasedTextOnDisk asks for a success of any gateway in the last day, also of one that has been replaced since; a gateway
// that never succeeded shows 0. Before there is a day of metrics, nobody can tell.
func (g generator) erasedTextOnDisk() alert {
	day := g.duration(24 * time.Hour)
	return alert{
		name: "SatisflowErasedTextOnDisk", severity: Ticket, class: ClassPipeline,
		expr: promql(`
time() - max(max_over_time(satisflow_erasure_scrub_timestamp_seconds[{day}])) > {old}
and on ()
  count(last_over_time(satisflow_erasure_scrub_timestamp_seconds[{hour}] offset {day})) > 0`, "day", day, "hour", g.duration(time.Hour), "old", g.seconds(24*time.Hour)),
		wait: 15 * time.Minute, keep: 15 * time.Minute,
		text: text{
			"Text of erased ratings may still be on disk: the merge that removes it has not succeeded for more than a day.",
			"已删除评分的文字可能仍在磁盘上：清除它的合并已超过一天没有成功。",
			"No query shows the text any more, but parts of ClickHouse may hold it. Each gateway looks every 6 hours.",
			"查询已不再返回这些文字，但 ClickHouse 的数据片段中可能仍有。每个网关每 6 小时检查一次。",
		},
	}
}
