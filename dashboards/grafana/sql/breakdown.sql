WITH 100 * (k / n - k_before / n_before) AS difference
SELECT
    value,
    if(n = 0, NULL, k / n) AS share,
    {{template "low" twoSided "k" "n"}} AS low,
    {{template "high" twoSided "k" "n"}} AS high,
    n,
    {{template "verdict" twoSided "k" "n"}} AS verdict,
    n - k AS bad,
    if(n = 0 OR n_before = 0, NULL, difference) AS change,
    difference - 100 * sqrt(pow(k / n - low, 2) + pow({{template "high" twoSided "k_before" "n_before"}} - k_before / n_before, 2)) AS change_low,
    difference + 100 * sqrt(pow(high - k / n, 2) + pow(k_before / n_before - {{template "low" twoSided "k_before" "n_before"}}, 2)) AS change_high,
    multiIf(isNull(change), 'no_data', change_low > 0, 'up', change_high < 0, 'down', 'unclear') AS moved,
    n_before
FROM
(
    SELECT
        value,
        sumIf(satisfied, pane >= $__fromTime) AS k, sumIf(ratings, pane >= $__fromTime) AS n,
        sumIf(satisfied, pane < $__fromTime) AS k_before, sumIf(ratings, pane < $__fromTime) AS n_before
    FROM satisfaction_panes FINAL
    WHERE {{template "epoch"}} AND dimension = '{{.Dimension}}'
        AND pane >= $__fromTime - (toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime)) AND pane <= $__toTime{{if .ByService}}
        AND $__conditionalAll(value IN ({{chosen "service"}}), $service){{end}}
    GROUP BY value
)
WHERE n + n_before > 0
ORDER BY bad DESC, value
LIMIT {{.Most}}
