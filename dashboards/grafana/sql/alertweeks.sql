SELECT
    week,
    opened,
    resolved,
    by_itself,
    contacted,
    if(contacted = 0, NULL, middle) AS median,
    if(n = 0, NULL, k / n) AS share,
    {{template "low" twoSided "k" "n"}} AS low,
    {{template "high" twoSided "k" "n"}} AS high,
    n
FROM
(
    SELECT
        toString(toMonday(at{{zoned "+"}})) AS week,
        countIf(what = 'opened') AS opened,
        countIf(what = 'resolved') AS resolved,
        countIf(what = 'resolved' AND resolved_by = 'satisflow') AS by_itself,
        countIf(what = 'opened' AND spoken) AS contacted,
        quantileExactInclusiveIf(0.5)(dateDiff('millisecond', opened_at, contacted_at) / 1000, what = 'opened' AND spoken) AS middle,
        countIf(what = 'opened' AND spoken AND until <= contact_due) AS k,
        k + countIf(what = 'opened' AND until > contact_due) AS n
    FROM
    (
        SELECT
            opened_at, contacted_at, resolved_at, resolved_by, contact_due,
            contacted_at > toDateTime64(0, 3, 'UTC') AS spoken,
            multiIf(spoken, contacted_at, state >= 'resolved', resolved_at, now64(3, 'UTC')) AS until
        FROM customer_satisfaction_alerts FINAL
        WHERE dimension = 'customer' AND $__conditionalAll(service IN ({{chosen "service"}}), $service)
    )
    ARRAY JOIN [opened_at, resolved_at] AS at, ['opened', 'resolved'] AS what
    WHERE $__timeFilter(at)
    GROUP BY week
)
ORDER BY week DESC
