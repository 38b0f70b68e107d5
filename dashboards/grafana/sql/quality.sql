SELECT
    value,
    if(response_time_n = 0, NULL, response_time_sum / response_time_n) AS response_time,
    response_time_n,
    if(accuracy_n = 0, NULL, accuracy_sum / (1000000 * accuracy_n)) AS accuracy,
    accuracy_n,
    if(completeness_n = 0, NULL, completeness_sum / (1000000 * completeness_n)) AS completeness,
    completeness_n
FROM
(
    SELECT
        value,
        sum(s.response_time_sum) AS response_time_sum, sum(s.response_time_n) AS response_time_n,
        sum(s.accuracy_sum) AS accuracy_sum, sum(s.accuracy_n) AS accuracy_n,
        sum(s.completeness_sum) AS completeness_sum, sum(s.completeness_n) AS completeness_n
    FROM satisfaction_panes AS s FINAL
    WHERE {{template "epoch"}} AND dimension = 'service' AND $__timeFilter(pane)
        AND $__conditionalAll(value IN ({{chosen "service"}}), $service)
    GROUP BY value
)
ORDER BY value
