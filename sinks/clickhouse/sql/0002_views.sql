{{define "columns"}}    `responses` Int64 COMMENT 'Feedback count: scored or not',
    `ratings` Int64 COMMENT 'Scored feedback',
    `average_rating` Nullable(Float64) COMMENT 'Mean rating, 1 to 5; NULL without ratings',
    `satisfaction_rate` Nullable(Float64) COMMENT 'Share of the ratings that are satisfied, 0 to 1; NULL without ratings',
    `satisfaction_low` Nullable(Float64) COMMENT 'Lower Wilson bound (95 %) of the satisfaction rate; NULL without ratings',
    `satisfaction_high` Nullable(Float64) COMMENT 'Upper Wilson bound (95 %) of the satisfaction rate; NULL without ratings',
    `high_satisfaction_rate` Nullable(Float64) COMMENT 'Share of the ratings that are highly satisfied; NULL without ratings',
    `dissatisfaction_rate` Nullable(Float64) COMMENT 'Share of the ratings that are dissatisfied; NULL without ratings',
    `unscored` Int64 COMMENT 'Feedback without a score',
    `satisfied` Int64 COMMENT 'Ratings in the satisfied band, the highly satisfied included',
    `highly_satisfied` Int64 COMMENT 'Ratings in the highly satisfied band',
    `dissatisfied` Int64 COMMENT 'Ratings in the dissatisfied band',
    `rating_sum` Int64 COMMENT 'Sum of the ratings, hundredths of a point',
    `rating_sum_squares` Int64 COMMENT 'Sum of the squares of the ratings, hundredths squared',
    `stars_1` Int64 COMMENT 'Ratings of 1 star, round half up',
    `stars_2` Int64 COMMENT 'Ratings of 2 stars, round half up',
    `stars_3` Int64 COMMENT 'Ratings of 3 stars, round half up',
    `stars_4` Int64 COMMENT 'Ratings of 4 stars, round half up',
    `stars_5` Int64 COMMENT 'Ratings of 5 stars, round half up',
    `response_time_ms` Nullable(Float64) COMMENT 'Mean response time of the service, milliseconds; NULL when none was given',
    `response_time_n` Int64 COMMENT 'How many response times were given',
    `accuracy` Nullable(Float64) COMMENT 'Mean accuracy, 0 to 1; NULL when none was given',
    `accuracy_n` Int64 COMMENT 'How many accuracies were given',
    `completeness` Nullable(Float64) COMMENT 'Mean completeness, 0 to 1; NULL when none was given',
    `completeness_n` Int64 COMMENT 'How many completenesses were given'{{end -}}

{{define "figures"}}    sums.ratings + sums.unscored AS responses,
    sums.ratings AS ratings,
    if(ratings = 0, NULL, rating_sum / (100 * ratings)) AS average_rating,
    if(ratings = 0, NULL, satisfied / ratings) AS satisfaction_rate,
    if(ratings = 0, NULL, greatest(0, (satisfied / ratings + z * z / (2 * ratings)
        - z * sqrt((satisfied / ratings * (1 - satisfied / ratings) + z * z / (4 * ratings)) / ratings)) / (1 + z * z / ratings))) AS satisfaction_low,
    if(ratings = 0, NULL, least(1, (satisfied / ratings + z * z / (2 * ratings)
        + z * sqrt((satisfied / ratings * (1 - satisfied / ratings) + z * z / (4 * ratings)) / ratings)) / (1 + z * z / ratings))) AS satisfaction_high,
    if(ratings = 0, NULL, highly_satisfied / ratings) AS high_satisfaction_rate,
    if(ratings = 0, NULL, dissatisfied / ratings) AS dissatisfaction_rate,
    sums.unscored AS unscored,
    sums.satisfied AS satisfied,
    sums.highly_satisfied AS highly_satisfied,
    sums.dissatisfied AS dissatisfied,
    sums.rating_sum AS rating_sum,
    sums.rating_sum_squares AS rating_sum_squares,
    sums.stars_1 AS stars_1, sums.stars_2 AS stars_2, sums.stars_3 AS stars_3, sums.stars_4 AS stars_4, sums.stars_5 AS stars_5,
    if(response_time_n = 0, NULL, sums.response_time_sum / response_time_n) AS response_time_ms,
    sums.response_time_n AS response_time_n,
    if(accuracy_n = 0, NULL, sums.accuracy_sum / (1000000 * accuracy_n)) AS accuracy,
    sums.accuracy_n AS accuracy_n,
    if(completeness_n = 0, NULL, sums.completeness_sum / (1000000 * completeness_n)) AS completeness,
    sums.completeness_n AS completeness_n{{end -}}

{{define "summed"}}        sum(s.ratings) AS ratings,
        sum(s.unscored) AS unscored,
        sum(s.satisfied) AS satisfied,
        sum(s.highly_satisfied) AS highly_satisfied,
        sum(s.dissatisfied) AS dissatisfied,
        sum(s.rating_sum) AS rating_sum,
        sum(s.rating_sum_squares) AS rating_sum_squares,
        sum(s.stars_1) AS stars_1,
        sum(s.stars_2) AS stars_2,
        sum(s.stars_3) AS stars_3,
        sum(s.stars_4) AS stars_4,
        sum(s.stars_5) AS stars_5,
        sum(s.response_time_sum) AS response_time_sum,
        sum(s.response_time_n) AS response_time_n,
        sum(s.accuracy_sum) AS accuracy_sum,
        sum(s.accuracy_n) AS accuracy_n,
        sum(s.completeness_sum) AS completeness_sum,
        sum(s.completeness_n) AS completeness_n{{end -}}

-- The views that people and dashboards read. Readers of one epoch filter by
-- epoch = (SELECT epoch FROM pipeline_current_epoch).

CREATE OR REPLACE VIEW pipeline_current_epoch {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Number of the current epoch',
    `partitions` UInt32 COMMENT 'Partitions of its Kafka topic',
    `definition` String COMMENT 'Its definition of windows, bands and dimensions, as JSON',
    `definition_hash` String COMMENT 'Hash of the definition'
)
AS SELECT epoch, partitions, definition, definition_hash
FROM pipeline_epochs FINAL
WHERE state = 'current'
ORDER BY epoch DESC
LIMIT 1
COMMENT 'The epoch that readers follow: one row, or none before the first start';

CREATE OR REPLACE VIEW pipeline_windows {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Number of the epoch',
    `window` String COMMENT 'Name of the window',
    `length_seconds` Int64 COMMENT 'Length of the window',
    `slide_seconds` Int64 COMMENT 'Time from one end of the window to the next',
    `pane_seconds` Int64 COMMENT 'Length of the panes of the epoch',
    `partitions` UInt32 COMMENT 'Partitions of the Kafka topic',
    `state` String COMMENT 'State of the epoch: building, current or retired'
)
AS SELECT
    epoch,
    JSONExtractString(spec, 'name') AS `window`,
    intDiv(JSONExtractInt(spec, 'length'), 1000000000) AS length_seconds,
    intDiv(JSONExtractInt(spec, 'slide'), 1000000000) AS slide_seconds,
    intDiv(JSONExtractInt(definition, 'pane'), 1000000000) AS pane_seconds,
    partitions,
    toString(state) AS state
FROM pipeline_epochs FINAL
ARRAY JOIN JSONExtractArrayRaw(definition, 'windows') AS spec
COMMENT 'The rolling windows of each epoch, from its definition';

CREATE OR REPLACE VIEW customer_satisfaction_summary {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Number of the epoch',
    `dimension` String COMMENT 'Rolled dimension, as in satisfaction_panes',
    `value` String COMMENT 'Value of the dimension; empty for overall',
    `window` String COMMENT 'Name of the rolling window',
    `window_start` DateTime('UTC') COMMENT 'Start of the current window',
    `window_end` DateTime('UTC') COMMENT 'End of the current window: of the pane that contains now',
{{template "columns"}}
)
AS WITH 1.959963984540054 AS z
SELECT
    epoch, dimension, value, `window`, window_start, window_end,
{{template "figures"}}
FROM
(
    -- All current windows end together, so each holds the shorter ones: the panes are summed once, by the shortest window
    -- that holds them, and the parts then added up.
    SELECT
        part.epoch AS epoch, part.dimension AS dimension, part.value AS value, w.`window` AS `window`,
        toDateTime(any(part.ends) - any(w.length_seconds), 'UTC') AS window_start, toDateTime(any(part.ends), 'UTC') AS window_end,
        sumIf(part.ratings, part.length_seconds <= w.length_seconds) AS ratings,
        sumIf(part.unscored, part.length_seconds <= w.length_seconds) AS unscored,
        sumIf(part.satisfied, part.length_seconds <= w.length_seconds) AS satisfied,
        sumIf(part.highly_satisfied, part.length_seconds <= w.length_seconds) AS highly_satisfied,
        sumIf(part.dissatisfied, part.length_seconds <= w.length_seconds) AS dissatisfied,
        sumIf(part.rating_sum, part.length_seconds <= w.length_seconds) AS rating_sum,
        sumIf(part.rating_sum_squares, part.length_seconds <= w.length_seconds) AS rating_sum_squares,
        sumIf(part.stars_1, part.length_seconds <= w.length_seconds) AS stars_1,
        sumIf(part.stars_2, part.length_seconds <= w.length_seconds) AS stars_2,
        sumIf(part.stars_3, part.length_seconds <= w.length_seconds) AS stars_3,
        sumIf(part.stars_4, part.length_seconds <= w.length_seconds) AS stars_4,
        sumIf(part.stars_5, part.length_seconds <= w.length_seconds) AS stars_5,
        sumIf(part.response_time_sum, part.length_seconds <= w.length_seconds) AS response_time_sum,
        sumIf(part.response_time_n, part.length_seconds <= w.length_seconds) AS response_time_n,
        sumIf(part.accuracy_sum, part.length_seconds <= w.length_seconds) AS accuracy_sum,
        sumIf(part.accuracy_n, part.length_seconds <= w.length_seconds) AS accuracy_n,
        sumIf(part.completeness_sum, part.length_seconds <= w.length_seconds) AS completeness_sum,
        sumIf(part.completeness_n, part.length_seconds <= w.length_seconds) AS completeness_n
    FROM
    (
        SELECT
            s.epoch AS epoch, s.dimension AS dimension, s.value AS value, any(e.ends) AS ends,
            arrayFirst(length -> toInt64(toUnixTimestamp(s.pane)) >= e.ends - length, e.lengths) AS length_seconds,
            sum(s.ratings) AS ratings,
            sum(s.unscored) AS unscored,
            sum(s.satisfied) AS satisfied,
            sum(s.highly_satisfied) AS highly_satisfied,
            sum(s.dissatisfied) AS dissatisfied,
            sum(s.rating_sum) AS rating_sum,
            sum(s.rating_sum_squares) AS rating_sum_squares,
            sum(s.stars_1) AS stars_1,
            sum(s.stars_2) AS stars_2,
            sum(s.stars_3) AS stars_3,
            sum(s.stars_4) AS stars_4,
            sum(s.stars_5) AS stars_5,
            sum(s.response_time_sum) AS response_time_sum,
            sum(s.response_time_n) AS response_time_n,
            sum(s.accuracy_sum) AS accuracy_sum,
            sum(s.accuracy_n) AS accuracy_n,
            sum(s.completeness_sum) AS completeness_sum,
            sum(s.completeness_n) AS completeness_n
        FROM satisfaction_panes AS s FINAL
        INNER JOIN
        (
            SELECT
                epoch,
                arraySort(groupArray(length_seconds)) AS lengths,
                (intDiv(toInt64(toUnixTimestamp(now())), any(pane_seconds)) + 1) * any(pane_seconds) AS ends
            FROM pipeline_windows
            GROUP BY epoch
        ) AS e ON s.epoch = e.epoch
        WHERE s.pane >= toDateTime(toUnixTimestamp(now()) - (SELECT max(length_seconds) FROM pipeline_windows), 'UTC') AND toUnixTimestamp(s.pane) < e.ends
        GROUP BY epoch, dimension, value, length_seconds
    ) AS part
    INNER JOIN pipeline_windows AS w ON part.epoch = w.epoch
    WHERE part.length_seconds > 0
    GROUP BY epoch, dimension, value, `window`
) AS sums
COMMENT 'The current rolling windows, open panes included: one row per epoch, dimension, value and window';

CREATE OR REPLACE VIEW satisfaction_history {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Number of the epoch',
    `window` String COMMENT 'Name of the rolling window',
    `dimension` String COMMENT 'Rolled dimension, as in satisfaction_panes',
    `value` String COMMENT 'Value of the dimension; empty for overall',
    `window_start` DateTime('UTC') COMMENT 'Start of the window',
    `window_end` DateTime('UTC') COMMENT 'End of the window, exclusive',
    `complete` Bool COMMENT 'Whether every partition of the epoch has been read up to the end of the window',
{{template "columns"}}
)
AS WITH 1.959963984540054 AS z
SELECT
    epoch, `window`, dimension, value, window_start, window_end, complete,
{{template "figures"}}
FROM
(
    SELECT
        s.epoch AS epoch, s.`window` AS `window`, s.dimension AS dimension, s.value AS value, s.window_end AS window_end,
        s.window_end - toIntervalSecond(any(w.length_seconds)) AS window_start,
        s.window_end <= any(w.complete_to) AS complete,
{{template "summed"}}
    FROM satisfaction_windows AS s FINAL
    INNER JOIN
    (
        -- An epoch is complete up to the least watermark of its partitions, and not at all while one has no checkpoint.
        SELECT w.epoch AS epoch, w.`window` AS `window`, w.length_seconds AS length_seconds,
            if(c.checkpoints = w.partitions, c.least, toDateTime64(0, 3, 'UTC')) AS complete_to
        FROM pipeline_windows AS w
        LEFT JOIN
        (
            SELECT epoch, count() AS checkpoints, min(watermark) AS least
            FROM pipeline_checkpoints FINAL
            GROUP BY epoch
        ) AS c ON w.epoch = c.epoch
    ) AS w ON s.epoch = w.epoch AND s.`window` = w.`window`
    GROUP BY epoch, `window`, dimension, value, window_end
) AS sums
COMMENT 'The closed rolling windows, merged over the partitions';
