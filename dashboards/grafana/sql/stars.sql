SELECT
    {{template "interval"}} AS time,
    sum(stars_5) AS stars_5, sum(stars_4) AS stars_4, sum(stars_3) AS stars_3, sum(stars_2) AS stars_2, sum(stars_1) AS stars_1
FROM {{template "selected"}}
GROUP BY time
ORDER BY time
