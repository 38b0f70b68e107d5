SELECT
    if(n = 0, NULL, k / n) AS share,
    {{template "low" twoSided "k" "n"}} AS low,
    {{template "high" twoSided "k" "n"}} AS high,
    n,
    {{template "verdict" twoSided "k" "n"}} AS verdict,
    if(verdict = 'undetermined' AND abs(k / n - {{target}}) > 1e-6, ceil({{scoreVariance}} / pow(k / n - {{target}}, 2)) - n, NULL) AS more
FROM
(
    SELECT sum(satisfied) AS k, sum(ratings) AS n
    FROM {{template "selected"}}
)
