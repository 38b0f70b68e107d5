-- Rating ids that stand at more than one place and so count twice. Erased rows don't count: erasing the lesser is the repair.
SELECT rating_id, count() OVER () AS conflicts, places
FROM
(
    SELECT rating_id, toJSONString(arraySort(groupArray(tuple(partition, toUnixTimestamp64Milli(occurred_at), customer_id, toUnixTimestamp64Milli(record_timestamp), offset, revision, service)))) AS places
    FROM enterprise_customer_satisfaction FINAL
    PREWHERE epoch = {{.Epoch}}
    WHERE NOT erased
    GROUP BY rating_id
    HAVING count() > 1
)
ORDER BY rating_id
LIMIT {{.Most}}
SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_named_tuples_as_objects = 0, max_bytes_before_external_group_by = 1000000000
