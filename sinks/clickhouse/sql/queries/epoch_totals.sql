-- What an epoch holds altogether: its facts, and its panes in the dimension overall.
SELECT f.facts, f.erased, p.ratings, p.unscored, p.satisfied, p.highly, p.dissatisfied, p.rating_sum
FROM
(
    SELECT count() AS facts, countIf(erased) AS erased
    FROM enterprise_customer_satisfaction FINAL
    PREWHERE epoch = {{.}}
) AS f
CROSS JOIN
(
    SELECT sum(ratings) AS ratings, sum(unscored) AS unscored, sum(satisfied) AS satisfied, sum(highly_satisfied) AS highly,
        sum(dissatisfied) AS dissatisfied, sum(rating_sum) AS rating_sum
    FROM satisfaction_panes FINAL
    PREWHERE epoch = {{.}} AND dimension = 'overall'
) AS p
