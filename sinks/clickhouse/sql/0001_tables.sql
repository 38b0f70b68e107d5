{{define "sums"}}    `ratings` Int64 COMMENT 'Scored feedback' CODEC(T64, LZ4),
    `unscored` Int64 COMMENT 'Feedback without a score; responses are ratings + unscored' CODEC(T64, LZ4),
    `satisfied` Int64 COMMENT 'Ratings in the satisfied band, the highly satisfied included' CODEC(T64, LZ4),
    `highly_satisfied` Int64 COMMENT 'Ratings in the highly satisfied band' CODEC(T64, LZ4),
    `dissatisfied` Int64 COMMENT 'Ratings in the dissatisfied band' CODEC(T64, LZ4),
    `rating_sum` Int64 COMMENT 'Sum of the ratings, hundredths of a point' CODEC(T64, LZ4),
    `rating_sum_squares` Int64 COMMENT 'Sum of the squares of the ratings, hundredths squared' CODEC(T64, LZ4),
    `stars_1` Int64 COMMENT 'Ratings of 1 star, round half up' CODEC(T64, LZ4),
    `stars_2` Int64 COMMENT 'Ratings of 2 stars, round half up' CODEC(T64, LZ4),
    `stars_3` Int64 COMMENT 'Ratings of 3 stars, round half up' CODEC(T64, LZ4),
    `stars_4` Int64 COMMENT 'Ratings of 4 stars, round half up' CODEC(T64, LZ4),
    `stars_5` Int64 COMMENT 'Ratings of 5 stars, round half up' CODEC(T64, LZ4),
    `response_time_sum` Int64 COMMENT 'Sum of the response times, milliseconds' CODEC(T64, LZ4),
    `response_time_n` Int64 COMMENT 'How many response times were given' CODEC(T64, LZ4),
    `accuracy_sum` Int64 COMMENT 'Sum of the accuracies, millionths' CODEC(T64, LZ4),
    `accuracy_n` Int64 COMMENT 'How many accuracies were given' CODEC(T64, LZ4),
    `completeness_sum` Int64 COMMENT 'Sum of the completenesses, millionths' CODEC(T64, LZ4),
    `completeness_n` Int64 COMMENT 'How many completenesses were given' CODEC(T64, LZ4),
    `extra` Array(Int64) COMMENT 'Sum and count of the first declared quality metric of the definition, of the second, and so on, in units of 10^-decimals; empty when none is declared'{{end -}}
-- The tables of the pipeline. All of them are last-writer-wins: rows of one key are replaced by the row with the highest
-- version, so every read takes FINAL. The partition key is a function of the sorting key, else replacement would miss.
--
-- Measured for an insert, in CPU seconds of the server per million rows: a map with LowCardinality keys takes 0.5 more
-- than one with plain ones; six columns for declared metrics that are left to their default take 1.6, one array 0.2.

CREATE TABLE IF NOT EXISTS {{local "enterprise_customer_satisfaction"}} {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch that the row belongs to; rows of two epochs never mix',
    `partition` Int32 COMMENT 'Kafka partition of the record',
    `pane` DateTime('UTC') COMMENT 'Start of the pane that holds occurred_at' CODEC(Delta(4), LZ4),
    `rating_id` String COMMENT 'Identity of the rating, with occurred_at and customer_id for ever',
    `version` UInt64 COMMENT 'Orders the versions of a rating: erase << 63 | revision << 40 | (offset + 1)' CODEC(T64, LZ4),
    `offset` Int64 COMMENT 'Kafka offset of the record' CODEC(T64, LZ4),
    `record_timestamp` DateTime64(3, 'UTC') COMMENT 'Timestamp of the Kafka record' CODEC(T64, LZ4),
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'When the rating was given: event time' CODEC(T64, LZ4),
    `revision` UInt32 COMMENT 'Revision that the producer gave; the higher one wins' CODEC(T64, LZ4),
    `erased` Bool COMMENT 'Whether the rating was erased; an erased row counts nowhere and holds no text, answer or attribute',
    `quarantined` Bool COMMENT 'Kept, but counted nowhere (set by rating integrity)',
    `staff` Bool COMMENT 'Given by staff: in no target figure, only in the dimension staff',
    `customer_id` String COMMENT 'Customer, a pseudonym that all versions of the rating keep',
    `service` LowCardinality(String) COMMENT 'Service that was rated',
    `product_id` String COMMENT 'Product, empty when not given',
    `channel` LowCardinality(String) COMMENT 'Channel that the rating came by, empty when not given',
    `segment` LowCardinality(String) COMMENT 'Customer segment, empty when not given',
    `source` LowCardinality(String) COMMENT 'Upstream system, empty when not given',
    `rating_hundredths` UInt16 COMMENT 'Rating in hundredths of a point, 100 to 500; 0 is feedback without a score' CODEC(T64, LZ4),
    `response_time_ms` Int64 DEFAULT -9223372036854775808 COMMENT 'Response time of the service in milliseconds; the least Int64 when not given' CODEC(T64, LZ4),
    `accuracy_millionths` Int64 DEFAULT -9223372036854775808 COMMENT 'Accuracy in millionths, 0 to 1000000; the least Int64 when not given' CODEC(T64, LZ4),
    `completeness_millionths` Int64 DEFAULT -9223372036854775808 COMMENT 'Completeness in millionths, 0 to 1000000; the least Int64 when not given' CODEC(T64, LZ4),
    `quality_extra` Map(String, Int64) COMMENT 'Declared quality metrics by name, in units of 10^-decimals; no key when not given',
    `attributes` Map(String, String) COMMENT 'Declared attributes by key',
    `answers` Map(String, String) COMMENT 'Survey answers by question id; a number as it was written',
    `comment` String COMMENT 'Free text of the customer; personal data, blank once erased',
    `language` LowCardinality(String) COMMENT 'BCP 47 tag of the comment, empty when unknown',
    `survey_id` LowCardinality(String) COMMENT 'Survey that asked, empty when none',
    `invitation_id` String COMMENT 'Invitation that was answered, empty when none',
    `comment_truncated` Bool COMMENT 'Whether the comment was longer than 4,000 characters: its end is lost',
    `answers_truncated` Bool COMMENT 'Whether the text of an answer was',
    `inserted_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this version was stored' CODEC(DoubleDelta, LZ4),
    `rating` Nullable(Decimal(5, 2)) ALIAS if(rating_hundredths = 0, NULL, toDecimal32(rating_hundredths, 2) / 100) COMMENT 'Rating 1 to 5, NULL without a score',
    `response_time` Nullable(Int64) ALIAS nullIf(response_time_ms, -9223372036854775808) COMMENT 'Response time in milliseconds, NULL when not given',
    `accuracy` Nullable(Float64) ALIAS nullIf(accuracy_millionths, -9223372036854775808) / 1000000 COMMENT 'Accuracy 0 to 1, NULL when not given',
    `completeness` Nullable(Float64) ALIAS nullIf(completeness_millionths, -9223372036854775808) / 1000000 COMMENT 'Completeness 0 to 1, NULL when not given',
    INDEX `customer_id_bloom` `customer_id` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `rating_id_bloom` `rating_id` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `offset_minmax` `offset` TYPE minmax GRANULARITY 1
)
ENGINE = {{replacing "version"}}
PARTITION BY (epoch, toYYYYMM(pane))
ORDER BY (epoch, partition, pane, rating_id)
TTL toStartOfMonth(pane) + INTERVAL 27 MONTH
SETTINGS ttl_only_drop_parts = 1{{setting "auto_statistics_types" "''"}}
COMMENT 'Facts: the versions of each rating; FINAL gives the last word on it. Kept for at least 26 months, which is longer than a record may still change them (admission.retention): a month expires as a whole, so that an erasure never goes before what it erased';

{{distributed "enterprise_customer_satisfaction" "partition"}};

-- The facts in a second order, by customer, so that what one customer gave is read from a few granules. It is filled row for
-- row and last-writer-wins, as the facts are: an insert that comes twice, late or in another order leads to the same rows.
CREATE TABLE IF NOT EXISTS {{local "customer_ratings"}} {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch that the row belongs to; rows of two epochs never mix',
    `customer_id` String COMMENT 'Customer, a pseudonym that all versions of the rating keep',
    `pane` DateTime('UTC') COMMENT 'Start of the pane that holds occurred_at' CODEC(Delta(4), LZ4),
    `rating_id` String COMMENT 'Identity of the rating',
    `partition` Int32 COMMENT 'Kafka partition of the record' CODEC(T64, LZ4),
    `version` UInt64 COMMENT 'Orders the versions of a rating, as in the facts' CODEC(T64, LZ4),
    `offset` Int64 COMMENT 'Kafka offset of the record' CODEC(T64, LZ4),
    `record_timestamp` DateTime64(3, 'UTC') COMMENT 'Timestamp of the Kafka record' CODEC(T64, LZ4),
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'When the rating was given: event time' CODEC(T64, LZ4),
    `service` LowCardinality(String) COMMENT 'Service that was rated',
    `segment` LowCardinality(String) COMMENT 'Customer segment, empty when not given',
    `rating_hundredths` UInt16 COMMENT 'Rating in hundredths of a point, 100 to 500; 0 is feedback without a score' CODEC(T64, LZ4),
    `erased` Bool COMMENT 'Whether the rating was erased',
    `counts` Bool COMMENT 'Whether it counts: neither erased nor quarantined, and of a customer'
)
ENGINE = {{replacing "version"}}
PARTITION BY (epoch, toYYYYMM(pane))
ORDER BY (epoch, customer_id, pane, rating_id, partition)
TTL toStartOfMonth(pane) + INTERVAL 27 MONTH
SETTINGS ttl_only_drop_parts = 1, index_granularity = 512{{setting "auto_statistics_types" "''"}}
COMMENT 'Facts by customer, without text; kept as long as the facts';

{{distributed "customer_ratings" "partition"}};

CREATE MATERIALIZED VIEW IF NOT EXISTS customer_ratings_filler {{onCluster}} TO {{local "customer_ratings"}} AS
SELECT epoch, customer_id, pane, rating_id, partition, version, offset, record_timestamp, occurred_at, service, segment, rating_hundredths, erased,
    NOT erased AND NOT quarantined AND NOT staff AS counts
FROM {{local "enterprise_customer_satisfaction"}}
COMMENT 'Fills customer_ratings, row for row';

CREATE TABLE IF NOT EXISTS {{local "satisfaction_panes"}} {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch that the row belongs to; rows of two epochs never mix',
    `dimension` LowCardinality(String) COMMENT 'Rolled dimension: overall, service, product, channel, segment, service_channel, staff or a declared attribute',
    `value` String COMMENT 'Value of the dimension; empty for overall',
    `pane` DateTime('UTC') COMMENT 'Start of the pane' CODEC(Delta(4), LZ4),
    `partition` Int32 COMMENT 'Kafka partition whose ratings are counted' CODEC(T64, LZ4),
    `version` UInt64 COMMENT 'Cut offset of the flush that wrote the row' CODEC(T64, LZ4),
{{template "sums"}}
)
ENGINE = {{replacing "version"}}
PARTITION BY (epoch, toYYYYMM(pane))
ORDER BY (epoch, dimension, value, pane, partition)
SETTINGS ttl_only_drop_parts = 1{{setting "auto_statistics_types" "''"}}
COMMENT 'Sums of the facts over the panes of the grid, by dimension, value and Kafka partition';

{{distributed "satisfaction_panes" "partition"}};

CREATE TABLE IF NOT EXISTS {{local "satisfaction_windows"}} {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch that the row belongs to; rows of two epochs never mix',
    `window` LowCardinality(String) COMMENT 'Name of the rolling window, such as 28d',
    `dimension` LowCardinality(String) COMMENT 'Rolled dimension, as in satisfaction_panes',
    `value` String COMMENT 'Value of the dimension; empty for overall',
    `window_end` DateTime('UTC') COMMENT 'End of the window, exclusive' CODEC(Delta(4), LZ4),
    `partition` Int32 COMMENT 'Kafka partition whose ratings are counted' CODEC(T64, LZ4),
    `version` UInt64 COMMENT 'Cut offset of the flush that wrote the row' CODEC(T64, LZ4),
{{template "sums"}}
)
ENGINE = {{replacing "version"}}
PARTITION BY (epoch, toYYYYMM(window_end))
ORDER BY (epoch, window, dimension, value, window_end, partition)
SETTINGS ttl_only_drop_parts = 1{{setting "auto_statistics_types" "''"}}
COMMENT 'Closed rolling windows, by dimension, value and Kafka partition; satisfaction_history merges the partitions';

{{distributed "satisfaction_windows" "partition"}};

CREATE TABLE IF NOT EXISTS {{local "dead_letters"}} {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch that the row belongs to',
    `partition` Int32 COMMENT 'Kafka partition of the record',
    `offset` Int64 COMMENT 'Kafka offset of the record' CODEC(Delta(8), LZ4),
    `record_timestamp` DateTime64(3, 'UTC') COMMENT 'Timestamp of the Kafka record, which its producer gave' CODEC(T64, LZ4),
    `arrived_at` DateTime64(3, 'UTC') COMMENT 'When the broker appended the record, where the topic says so, else when it was first read' CODEC(T64, LZ4),
    `reason` LowCardinality(String) COMMENT 'Why it was rejected, a word: bad_json, bad_field:rating, too_old',
    `detail` String COMMENT 'Why it was rejected, a sentence for the person who mends it',
    `key` String COMMENT 'Key of the record, as it was',
    `value` String COMMENT 'Value of the record, as it was; may hold personal data',
    `header_keys` Array(String) COMMENT 'Keys of the headers of the record, in their order',
    `header_values` Array(String) COMMENT 'Values of the headers of the record, in the same order',
    `inserted_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When the row was stored'
)
ENGINE = {{replacing ""}}
PARTITION BY (epoch, toYYYYMM(arrived_at))
ORDER BY (epoch, partition, offset)
TTL toDateTime(inserted_at, 'UTC') + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1{{setting "auto_statistics_types" "''"}}
COMMENT 'Rejected records, whole and with the reason; kept for at least 90 days';

{{distributed "dead_letters" "partition"}};

CREATE TABLE IF NOT EXISTS {{local "pipeline_checkpoints"}} {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch that the row belongs to',
    `partition` Int32 COMMENT 'Kafka partition',
    `version` UInt64 COMMENT 'Orders the rows of a partition: cut << 24 | watermark in whole panes',
    `cut` Int64 COMMENT 'Next offset to read: every record below it is durable',
    `watermark` DateTime64(3, 'UTC') COMMENT 'Every window that ended by this time is durable',
    `fresh_at` DateTime64(3, 'UTC') COMMENT 'The partition was read up to this time',
    `log_time` DateTime64(3, 'UTC') COMMENT 'Greatest timestamp seen in the partition, or when its end was seen: what comes after the cut is judged by it',
    `cluster` String COMMENT 'Id of the Kafka cluster that cut is a position in',
    `topic` String COMMENT 'Name of the topic that cut is a position in',
    `topic_id` String COMMENT 'Id that the topic got when it was made; empty when the brokers tell none',
    `last_offset` Int64 COMMENT 'Offset of the record before cut; -1 when none was read',
    `last_sum` UInt32 COMMENT 'CRC-32C of timestamp, key and value of that record: another record there is another log',
    `definition` String COMMENT 'Hash of the window definition that the rows were made by',
    `owner` String COMMENT 'Process that wrote the row, for people',
    `updated_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When the row was stored'
)
ENGINE = {{replacing "version"}}
PARTITION BY epoch
ORDER BY (epoch, partition)
COMMENT 'How far each partition is durable. Read whole rows with FINAL, never each column by its own max: cut and watermark of two rows do not belong together';

{{distributed "pipeline_checkpoints" "partition"}};

CREATE TABLE IF NOT EXISTS pipeline_epochs {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Number of the epoch, given by an operator',
    `version` UInt64 COMMENT 'Orders the rows of an epoch',
    `partitions` UInt32 COMMENT 'Partitions of the Kafka topic',
    `definition` String COMMENT 'Definition of windows, bands and dimensions, as JSON; durations in nanoseconds',
    `definition_hash` String COMMENT 'Hash of the definition',
    `cluster` String COMMENT 'Id of the Kafka cluster that the rows were read from',
    `topic` String COMMENT 'Name of the topic that the rows were read from',
    `topic_id` String COMMENT 'Id that the topic got when it was made; empty when the brokers tell none',
    `state` Enum8('building' = 1, 'current' = 2, 'retired' = 3) COMMENT 'building: being filled; current: what readers follow; retired: replaced',
    `updated_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When the row was stored'
)
ENGINE = {{everywhere "version"}}
ORDER BY epoch
COMMENT 'Epochs: one definition of windows, bands, dimensions and partitions each';
