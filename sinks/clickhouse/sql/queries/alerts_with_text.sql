{{/* Alerts that hold text and are about one of the customers, or have ever named one of the ratings: a long list of ratings
leaves out those in its middle. Every text is in an entry, and an entry is put before its alert. */ -}}
SELECT DISTINCT id
FROM customer_satisfaction_alert_entries
WHERE (comment != '' OR resolution != '') AND id IN
(
    SELECT id
    FROM customer_satisfaction_alert_entries
{{- if .Customer}}
    WHERE JSONExtractString(alert, 'dimension') = 'customer' AND JSONExtractString(alert, 'value') IN ({{.IDs}})
{{- else}}
    WHERE hasAny(JSONExtract(alert, 'rating_ids', 'Array(String)'), [{{.IDs}}])
{{- end}}
)
