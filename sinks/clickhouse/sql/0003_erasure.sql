-- What operators did with rejected records and with ratings that had to go. Neither table holds a word of a customer.

CREATE TABLE IF NOT EXISTS dead_letters_replayed {{onCluster}}
(
    `epoch` UInt32 COMMENT 'Epoch of the dead letter',
    `partition` Int32 COMMENT 'Kafka partition of the rejected record',
    `offset` Int64 COMMENT 'Kafka offset of the rejected record',
    `replayed_at` DateTime64(3, 'UTC') COMMENT 'When the record was produced again',
    `replayed_by` String COMMENT 'Who did it'
)
ENGINE = {{everywhere "replayed_at"}}
ORDER BY (epoch, partition, offset)
TTL toDateTime(replayed_at, 'UTC') + INTERVAL 13 MONTH
COMMENT 'Dead letters that were produced again; longer kept than these';

CREATE TABLE IF NOT EXISTS erasures {{onCluster}}
(
    `id` String COMMENT 'Identity of the erasure, a UUID that begins with its time',
    `version` UInt64 COMMENT 'Orders the rows of an erasure',
    `requested_at` DateTime64(3, 'UTC') COMMENT 'When it was asked for',
    `requested_by` String COMMENT 'Who asked for it, as they said or as the system knows them',
    `kind` LowCardinality(String) COMMENT 'What was named: customer or rating',
    `subjects` Array(String) COMMENT 'A hash of each id that was named: sha256:…, or hmac-sha256:… by the customer key',
    `ratings` UInt64 COMMENT 'Ratings that were erased',
    `dead_letters` UInt64 COMMENT 'Rejected records that were deleted',
    `state` Enum8('asked' = 1, 'durable' = 2, 'finished' = 3) COMMENT 'asked: the events are being written; durable: no read shows the text; finished: no active part on disk holds it',
    `finished_at` DateTime64(3, 'UTC') COMMENT 'When it was finished; 1970 before'
)
ENGINE = {{everywhere "version"}}
ORDER BY id
COMMENT 'The audit of erasures, kept for ever';
