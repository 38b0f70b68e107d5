package rules

import "time"

// gaining is the slope of a timestamp from which a partition gains on the clock: a backlog that shrinks wakes nobody.
const gaining = "1.05"

// lagAlerts are about partitions that fall behind and do not catch up.
func (g generator) lagAlerts() []alert {
	return []alert{g.notFresh(), g.watermarkLag(), g.consumerLag()}
}

func (g generator) notFresh() alert {
	return alert{
		name: "SatisflowNotFresh", severity: Page, class: ClassStale,
		expr: promql(`
max(
    time() - {fresh}
  and on (partition)
    deriv({fresh}[{range}]) <= {gaining}
) > {old}`, "fresh", freshMax, "range", g.duration(15*time.Minute), "gaining", gaining, "old", g.seconds(15*time.Minute)),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"{{ if gt $value 1e9 }}A partition has not been read to its end since its processor started{{ else }}The figures are {{ $value | humanizeDuration }} old and not getting newer{{ end }}: a partition is not being read.",
			"{{ if gt $value 1e9 }}有分区自处理进程启动以来从未读到末尾{{ else }}统计结果已落后 " + minutesZH + "且没有追赶{{ end }}：有分区未被读取。",
			"A partition was last shown as of then. Pages on the target are blind to what came since.",
			"该分区的数据停留在当时。此后发生的情况，目标类警报看不到。",
		},
	}
}

func (g generator) watermarkLag() alert {
	return alert{
		name: "SatisflowWatermarkLag", severity: Page, class: ClassStale,
		expr: promql(`
max(
    time() - {watermark}
  and on (partition)
    {lag} > 0
  and on (partition)
    deriv({watermark}[{range}]) <= {gaining}
) > {old}`, "watermark", watermarkMax, "lag", lagMin, "range", g.duration(15*time.Minute), "gaining", gaining, "old", g.seconds(30*time.Minute)),
		wait: 10 * time.Minute, keep: 10 * time.Minute,
		text: text{
			"Windows are not closing: the watermark is {{ $value | humanizeDuration }} behind with records pending.",
			"窗口无法关闭：水位线落后 " + minutesZH + "，仍有记录待处理。",
			"A partition has records to read, but its event time does not gain on the clock. An idle topic does not raise this.",
			"分区中有待读记录，但其事件时间没有追上当前时间。主题空闲时不会触发。",
		},
	}
}

func (g generator) consumerLag() alert {
	return alert{
		name: "SatisflowConsumerLag", severity: Page, class: ClassStale,
		expr: promql(`
min by (partition) ({seconds}) > {old}
and on (partition)
  {lag} > 0
and on (partition)
  deriv({lag}[{range}]) >= 0`, "seconds", ofOwner("satisflow_lag_seconds"), "lag", lagMin, "range", g.duration(15*time.Minute), "old", g.seconds(15*time.Minute)),
		wait: 10 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"Partition {{ $labels.partition }} is {{ $value | humanizeDuration }} behind and its backlog is not shrinking.",
			"分区 {{ $labels.partition }} 落后 " + minutesZH + "，积压没有减少。",
			"Ratings come faster than they are processed, or processing hangs.",
			"评分到达快于处理速度，或处理已停滞。",
		},
	}
}
