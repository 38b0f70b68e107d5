{{/* Alerts that hold text in any version, or in any entry, and are about one of the customers, or have ever named one of the ratings:
a long list of ratings leaves out those in its middle. */ -}}
SELECT DISTINCT id
FROM
(
    SELECT id FROM customer_satisfaction_alert_entries WHERE comment != '' OR resolution != ''
    UNION ALL
    SELECT id FROM customer_satisfaction_alerts WHERE resolution != ''
)
WHERE id IN
(
    SELECT id
    FROM customer_satisfaction_alert_entries
{{- if .Customer}}
    WHERE JSONExtractString(alert, 'dimension') = 'customer' AND JSONExtractString(alert, 'value') IN ({{.IDs}})
{{- else}}
    WHERE hasAny(JSONExtract(alert, 'rating_ids', 'Array(String)'), [{{.IDs}}])
{{- end}}
)
