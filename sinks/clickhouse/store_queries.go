package clickhouse

import (
	"fmt"
	"strings"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// The conditions below stand in PREWHERE: they are on columns of the sorting key, which all versions of a row share, so
// nothing that FINAL needs is left out.

func checkpointsQuery(epoch uint32, partitions []int32) string {
	return fmt.Sprintf(`SELECT partition, cut, watermark, fresh_at, log_time, cluster, topic, topic_id, last_offset, last_sum, definition, owner
FROM pipeline_checkpoints FINAL
PREWHERE epoch = %d AND partition IN (%s)`, epoch, list(partitions, integer))
}

// arrivalsQuery lets the epoch's own row come last.
func arrivalsQuery(epoch uint32, others []uint32, partition int32, from int64) string {
	which := fmt.Sprintf("epoch = %d", epoch)
	if len(others) > 0 {
		which = fmt.Sprintf("(%s OR epoch IN (%s) AND reason IN ('%s', '%s'))", which, list(others, integer), admit.TooOld, admit.InFuture)
	}
	return fmt.Sprintf("SELECT `offset`, toUnixTimestamp64Milli(arrived_at), reason FROM dead_letters FINAL\n"+
		"WHERE %s AND partition = %d AND `offset` >= %d\nORDER BY epoch = %d", which, partition, from, epoch)
}

// knownPanesQuery reads of the pane rows those that every rating counts in: its keys hold overall, or staff.
func knownPanesQuery(epoch uint32, partition int32) string {
	return fmt.Sprintf(`SELECT DISTINCT toUInt32(pane) FROM enterprise_customer_satisfaction
WHERE epoch = %[1]d AND partition = %[2]d
UNION ALL
SELECT DISTINCT toUInt32(pane) FROM satisfaction_panes
WHERE epoch = %[1]d AND dimension IN ('%[3]s', '%[4]s') AND partition = %[2]d`, epoch, partition, window.Overall, window.Staff)
}

func paneSumsQuery(epoch uint32, partition int32, from, to int64, keys []window.Key, sums []sumColumn) string {
	only := ""
	if keys != nil {
		only = " AND (dimension, value) IN (" + list(keys, keyLiteral) + ")"
	}
	return fmt.Sprintf(`SELECT toUInt32(pane), dimension, value, %s
FROM satisfaction_panes FINAL
PREWHERE epoch = %d AND partition = %d AND pane >= %d AND pane < %d%s`, sumExpressions(sums), epoch, partition, from, to, only)
}

func pageFactsQuery(epoch uint32, partition int32, starts []int64, attributes, extra []string) string {
	var more strings.Builder
	for _, name := range extra {
		fmt.Fprintf(&more, ", if(mapContains(quality_extra, %[1]s), quality_extra[%[1]s], %[2]s)", quote(name), missing)
	}
	for _, key := range attributes {
		fmt.Fprintf(&more, ", attributes[%s]", quote(key))
	}
	return fmt.Sprintf(`SELECT toUInt32(pane), rating_id, version, erased, quarantined, staff, rating_hundredths,
  service, product_id, channel, segment, %s%s
FROM enterprise_customer_satisfaction FINAL
PREWHERE epoch = %d AND partition = %d AND pane IN (%s)`,
		strings.Join(factQuality[:], ", "), more.String(), epoch, partition, list(starts, integer))
}

func pageKeysQuery(epoch uint32, partition int32, starts []int64) string {
	return fmt.Sprintf(`SELECT DISTINCT toUInt32(pane), dimension, value
FROM satisfaction_panes
PREWHERE epoch = %d AND partition = %d AND pane IN (%s)`, epoch, partition, list(starts, integer))
}

// missing is event.MissingQuality as a literal.
var missing = fmt.Sprintf("toInt64('%d')", event.MissingQuality)

func keyLiteral(k window.Key) string { return "(" + quote(k.Dimension) + "," + quote(k.Value) + ")" }

// sumExpressions returns the expressions of the stored sums.
func sumExpressions(columns []sumColumn) string {
	return list(columns, func(c sumColumn) string { return c.expr })
}
