package grafana

import "time"

// AlertRule is a rule that Grafana evaluates: a query that gives one number, and what it may not be above.
type AlertRule struct {
	UID         string
	Title       string
	Query       ClickHouseTarget
	Above       float64
	For         time.Duration
	Labels      map[string]string
	Annotations map[string]string
}

// AlertRules are for what only ClickHouse knows. They work while Prometheus does not, and no gateway.
func (c Config) AlertRules() []AlertRule { return []AlertRule{c.staleCheckpoint(), c.contactOverdue()} }

// staleCheckpoint says that nothing has been stored for ten minutes, seen from where it should have been.
func (c Config) staleCheckpoint() AlertRule {
	return c.alertRule(AlertRule{
		UID: "satisflow-checkpoint-stale", Title: "SatisflowCheckpointStale",
		Above: (10 * time.Minute).Seconds(), For: 5 * time.Minute,
	}, "checkpointage.sql", "stale", "SatisflowInsertsStalled", text{
		"Nothing has been stored in ClickHouse for more than ten minutes, not even a checkpoint of an idle partition.",
		"ClickHouse 已超过十分钟没有写入任何数据，连空闲分区的检查点也没有。",
	})
}

// contactOverdue says that customers wait who should have been spoken to; who they are is on leadership's dashboard.
func (c Config) contactOverdue() AlertRule {
	return c.alertRule(AlertRule{
		UID: "satisflow-contact-overdue", Title: "SatisflowCustomerContactOverdue", For: 5 * time.Minute,
	}, "contactoverdue.sql", "customer", "SatisflowCustomerContactOverdue", text{
		"Customers with critical alerts should have been contacted by now and were not: they are at the top of the watch list.",
		"有紧急警报的客户应已联系但尚未联系：见关注名单顶部。",
	})
}

// alertRule adds the query, the labels and the texts.
func (c Config) alertRule(r AlertRule, file, class, runbook string, summary text) AlertRule {
	r.Query = ClickHouseTarget{RefID: "A", DataSource: clickhouse, PluginVersion: clickhouseVersion, EditorType: "sql",
		QueryType: "table", Format: formatTable, RawSQL: c.sql(file, nil)}
	r.Labels = map[string]string{"app": "satisflow", "severity": "ticket", "class": class}
	r.Annotations = map[string]string{"summary": summary.en, "summary_zh": summary.zh, "runbook_url": c.Rules.RunbookBase + "/" + runbook + ".md"}
	return r
}
