SELECT
    time,
    if(n = 0, NULL, k / n) AS share,
    {{template "low" twoSided "k" "n"}} AS low,
    {{template "high" twoSided "k" "n"}} AS high,
    n,
    {{target}} AS target{{range milestones}},
    {{.Share}} AS {{.Name}}{{end}}
FROM
(
    SELECT window_end AS time, sum(satisfied) AS k, sum(ratings) AS n
    FROM satisfaction_history
    WHERE {{template "epoch"}} AND `window` IN ({{chosen "window"}}) AND dimension = 'service' AND complete
        AND $__timeFilter(window_end) AND $__conditionalAll(value IN ({{chosen "service"}}), $service)
    GROUP BY time
)
ORDER BY time
