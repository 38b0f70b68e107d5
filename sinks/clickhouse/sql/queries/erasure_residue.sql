{{/* Months in which versions of erased ratings, with their text, are still in a part. */ -}}
SELECT epoch, toYYYYMM(pane) AS month, count()
FROM enterprise_customer_satisfaction
WHERE NOT erased AND (epoch, partition, pane, rating_id) GLOBAL IN
(
    SELECT epoch, partition, pane, rating_id
    FROM enterprise_customer_satisfaction
    PREWHERE erased
    WHERE inserted_at >= toDateTime64({{.Since}}, 3, 'UTC')
)
GROUP BY epoch, month
ORDER BY epoch, month
