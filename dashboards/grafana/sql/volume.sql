SELECT
    responses,
    n,
    responses - n AS unscored,
    if(n = 0, NULL, hundredths / (100 * n)) AS mean,
    mean - if(n < 2, NULL, {{twoSidedZ}} * sqrt(greatest(0, squares - n * mean * mean) / (n - 1) / n)) AS mean_low,
    2 * mean - mean_low AS mean_high
FROM
(
    SELECT
        sum(ratings + unscored) AS responses, sum(ratings) AS n,
        sum(rating_sum) AS hundredths, sum(rating_sum_squares) / 10000 AS squares
    FROM {{template "selected"}}
)
