package rules

import "time"

// customerAlerts say that alerts on customers do not come to whoever is to act on them. The customers' alerts themselves
// go to Alertmanager without Prometheus.
func (g generator) customerAlerts() []alert {
	return []alert{g.customerAlertsStale(), g.customerAlertsUnsent(), g.mailsPending(), g.mailsRefused()}
}

// openAlerts counts each open alert once, though several processes may show it.
const openAlerts = "sum(max by (rule, severity) (satisflow_alerts_open))"

// customerAlertsStale looks back as long as an evaluation may be old: a process that has just started shows 0. The series
// dies with the gateway that writes, so its absence is the same fault; other gateways do not show it.
func (g generator) customerAlertsStale() alert {
	return alert{
		name: "SatisflowCustomerAlertsStale", severity: Page, class: ClassPipeline,
		expr: promql(`
time() - max(max_over_time(satisflow_alerts_evaluated_timestamp_seconds[{range}])) > {old}
or
  absent_over_time(satisflow_alerts_evaluated_timestamp_seconds[{range}])`,
			"range", g.duration(10*time.Minute), "old", g.seconds(10*time.Minute)),
		wait: 5 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"Alerts on customers have not been evaluated for more than 10 minutes: dissatisfied customers go unnoticed.",
			"客户警报已超过 10 分钟没有计算：不满意的客户无人注意。",
			"The gateway that writes is down, or it cannot read ratings; other gateways do not take its place. Alertmanager resolves the open alerts meanwhile, though nothing is better. The next evaluation that succeeds makes good what arrived in the hour before it; a low rating that waits longer raises no alert any more.",
			"负责写入的网关已停止，或无法读取评分；其他网关不会代替它。其间 Alertmanager 会把未关闭的警报视为已恢复，但情况并未好转。恢复后的首次计算会补上此前一小时内到达的评分；等待更久的低分不再触发警报。",
		},
	}
}

// customerAlertsUnsent lets a push come after the first alert in a long time has opened: the wait is for that.
func (g generator) customerAlertsUnsent() alert {
	return alert{
		name: "SatisflowCustomerAlertsUnsent", severity: Page, class: ClassPipeline,
		expr: promql(`
{open}
and on ()
  time() - max(max_over_time(satisflow_alerts_pushed_timestamp_seconds[{range}])) > {old}
and on ()
  max(satisflow_alerts_push_enabled) == 1
and on ()
  {open} > 0`, "open", openAlerts, "range", g.duration(10*time.Minute), "old", g.seconds(10*time.Minute)),
		wait: 10 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"{{ $value }} alerts on customers are open, but none has reached Alertmanager for more than 10 minutes.",
			"有 {{ $value }} 条未关闭的客户警报，但已超过 10 分钟没有送达 Alertmanager。",
			"They are in the table customer_satisfaction_alerts and in the API. Alertmanager ends what is no longer sent, and so tells people that all is well.",
			"警报仍在表 customer_satisfaction_alerts 和 API 中。Alertmanager 会把不再发送的警报视为已恢复，从而误报一切正常。",
		},
	}
}

// mailsPending looks back some minutes: a gateway that starts shows 0 at first, and the wait would begin again.
func (g generator) mailsPending() alert {
	return alert{
		name: "SatisflowMailsPending", severity: Ticket, class: ClassPipeline,
		expr: promql("max(max_over_time(satisflow_mails_pending[{range}])) > 0", "range", g.duration(10*time.Minute)),
		wait: 30 * time.Minute, keep: 5 * time.Minute,
		text: text{
			"{{ $value }} mails could not be delivered for 30 minutes: owners are not told of falling satisfaction.",
			"有 {{ $value }} 封邮件 30 分钟仍未送出：负责人未收到满意度下降的通知。",
			"They are kept and tried again. Most often the mail server is away or refuses the sign-in, the sender or the recipient.",
			"邮件会保留并重试。常见原因：邮件服务器不可用，或拒绝登录、发件人或收件人。",
		},
	}
}

func (g generator) mailsRefused() alert {
	return alert{
		name: "SatisflowMailsRefused", severity: Ticket, class: ClassPipeline,
		expr: g.risen("", "satisflow_mails_refused_total", ""),
		keep: 30 * time.Minute,
		text: text{
			"{{ $value | printf \"%.0f\" }} mails to owners were permanently rejected in the last hour: they are not told of falling satisfaction.",
			"最近一小时有 {{ $value | printf \"%.0f\" }} 封给负责人的邮件被永久拒收：他们未收到满意度下降的通知。",
			"The mail server does not take them, whenever they are sent: a wrong recipient or sender, or a mail that it deems spam.",
			"邮件服务器无论何时都不接收：收件人或发件人有误，或被判为垃圾邮件。",
		},
	}
}
