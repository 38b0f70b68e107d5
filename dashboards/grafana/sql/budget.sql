SELECT
    if(n = 0, NULL, 1 - (1 - k / n) / {{budget}}) AS budget_left,
    1 - (1 - {{template "low" twoSided "k" "n"}}) / {{budget}} AS low,
    1 - (1 - {{template "high" twoSided "k" "n"}}) / {{budget}} AS high,
    n - k AS spent,
    n
FROM
(
    SELECT sum(satisfied) AS k, sum(ratings) AS n
    FROM {{template "selected"}}
)
