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

// StaleCheckpoint is the one alert that only ClickHouse can raise: that nothing has been stored for ten minutes, seen from
// where it should have been. It works while Prometheus does not.
func (c Config) StaleCheckpoint() AlertRule {
	return AlertRule{
		UID: "satisflow-checkpoint-stale", Title: "SatisflowCheckpointStale",
		Query: ClickHouseTarget{RefID: "A", DataSource: clickhouse, PluginVersion: clickhouseVersion, EditorType: "sql",
			QueryType: "table", Format: formatTable, RawSQL: c.sql("checkpointage.sql", nil)},
		Above: (10 * time.Minute).Seconds(), For: 5 * time.Minute,
		Labels: map[string]string{"app": "satisflow", "severity": "ticket", "class": "stale"},
		Annotations: map[string]string{
			"summary":     "Nothing has been stored in ClickHouse for more than ten minutes, not even a checkpoint of an idle partition.",
			"summary_zh":  "ClickHouse 已超过十分钟没有写入任何数据，连空闲分区的检查点也没有。",
			"runbook_url": c.Rules.RunbookBase + "/SatisflowInsertsStalled.md",
		},
	}
}
