{{/* Ratings that one epoch holds, not erased, and the other does not hold at all. Their panes may differ, their identity may not. */ -}}
SELECT count()
FROM
(
    SELECT 1
    FROM
    (
        SELECT epoch, `partition`, `offset`, rating_id, customer_id, occurred_at, erased
        FROM enterprise_customer_satisfaction FINAL
        PREWHERE epoch IN ({{.In}}, {{.Other}})
    )
    GROUP BY rating_id, customer_id, occurred_at
    HAVING countIf(epoch = {{.In}} AND NOT erased AND `offset` < {{.Cut}}) > 0 AND countIf(epoch = {{.Other}}) = 0
)
SETTINGS max_bytes_before_external_group_by = 1000000000
