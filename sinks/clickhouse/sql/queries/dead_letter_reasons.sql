{{/* How many dead letters there are of each reason. */ -}}
SELECT d.reason, count() AS letters, countIf(r.replayed_at > toDateTime64(0, 3, 'UTC')),
    toUnixTimestamp64Milli(min(d.arrived_at)), toUnixTimestamp64Milli(max(d.arrived_at))
FROM
(
    SELECT partition, `offset`, reason, arrived_at FROM dead_letters FINAL
    PREWHERE epoch = {{.Epoch}}{{.Condition}}
) AS d
LEFT JOIN
(
    SELECT partition, `offset`, replayed_at FROM dead_letters_replayed FINAL WHERE epoch = {{.Epoch}}
) AS r ON d.partition = r.partition AND d.`offset` = r.`offset`
{{- if .Open}}
WHERE r.replayed_at = toDateTime64(0, 3, 'UTC'){{end}}
GROUP BY d.reason
ORDER BY letters DESC, d.reason
SETTINGS join_use_nulls = 0, do_not_merge_across_partitions_select_final = 0 -- a record that is read again may arrive in another month
