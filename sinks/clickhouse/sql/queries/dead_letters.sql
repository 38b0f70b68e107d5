{{/* Dead letters with what became of them, the newest first. The list leaves out what the records hold. */ -}}
SELECT
    d.partition, d.`offset`, toUnixTimestamp64Milli(d.record_timestamp), toUnixTimestamp64Milli(d.arrived_at) AS arrived, toUnixTimestamp64Milli(d.inserted_at), d.reason, d.detail,
    toUnixTimestamp64Milli(r.replayed_at) AS replayed, r.replayed_by{{if .Whole}},
    d.key, d.value, d.header_keys, d.header_values{{end}}
FROM
(
    SELECT * FROM dead_letters FINAL
    PREWHERE epoch = {{.Epoch}}{{.Condition}}
) AS d
LEFT JOIN
(
    SELECT partition, `offset`, replayed_at, replayed_by FROM dead_letters_replayed FINAL WHERE epoch = {{.Epoch}}
) AS r ON d.partition = r.partition AND d.`offset` = r.`offset`
{{- if .Open}}
WHERE replayed = 0{{end}}
ORDER BY arrived DESC, d.partition, d.`offset` DESC
LIMIT {{.Limit}}
SETTINGS join_use_nulls = 0, do_not_merge_across_partitions_select_final = 0 -- a record that is read again may arrive in another month
