SELECT
    band,
    k AS count,
    if(n = 0, NULL, k / n) AS share,
    {{template "low" twoSided "k" "n"}} AS low,
    {{template "high" twoSided "k" "n"}} AS high,
    n
FROM
(
    SELECT
        sum(ratings) AS n,
        [sum(highly_satisfied), sum(satisfied), sum(ratings) - sum(satisfied) - sum(dissatisfied), sum(dissatisfied)] AS counts
    FROM {{template "selected"}}
)
ARRAY JOIN ['highly_satisfied', 'satisfied', 'neutral', 'dissatisfied'] AS band, counts AS k
