{{/* Ratings that are erased in the current epoch, at every place that they have there, and not in the other epochs: those
that count there, or those with text in whatever version. Identity is told by all three columns: the erasure of the lesser of
two places that share an id is no erasure of the rating. */ -}}
SELECT DISTINCT epoch, `partition`, toUnixTimestamp(pane), {{.Hash}}
FROM enterprise_customer_satisfaction {{if not .Text}}FINAL{{end}}
PREWHERE epoch IN ({{.Others}})
WHERE NOT erased {{if .Text}}AND {{.Text}}{{end}}
    AND (rating_id, customer_id, occurred_at) GLOBAL IN
    (
        SELECT rating_id, customer_id, occurred_at
        FROM enterprise_customer_satisfaction FINAL
        PREWHERE epoch = {{.Current}} AND rating_id GLOBAL IN (SELECT rating_id FROM enterprise_customer_satisfaction WHERE epoch = {{.Current}} AND erased)
        GROUP BY rating_id, customer_id, occurred_at
        HAVING min(erased)
    )
ORDER BY epoch, `partition`, toUnixTimestamp(pane)
