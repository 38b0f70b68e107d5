SELECT
    stars,
    k AS count,
    if(n = 0, NULL, k / n) AS share,
    {{template "low" twoSided "k" "n"}} AS low,
    {{template "high" twoSided "k" "n"}} AS high,
    n
FROM
(
    SELECT sum(ratings) AS n, [sum(stars_5), sum(stars_4), sum(stars_3), sum(stars_2), sum(stars_1)] AS counts
    FROM {{template "selected"}}
)
ARRAY JOIN [5, 4, 3, 2, 1] AS stars, counts AS k
