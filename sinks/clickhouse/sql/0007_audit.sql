-- The audit log. The gateway alone writes here; rows are never changed. A row that was stored twice by a repeated insert is
-- one with FINAL; two that differ under one number are a broken log, which satisflow finds by reading without FINAL.
CREATE TABLE IF NOT EXISTS satisflow_audit {{onCluster}}
(
    `number` UInt64 COMMENT 'Counts the entries from 1',
    `at` DateTime64(3, 'UTC') COMMENT 'When it was done',
    `actor` String COMMENT 'User or token that did it',
    `name` String COMMENT 'Name of the actor, as it was',
    `address` String COMMENT 'Address that the request came from',
    `action` LowCardinality(String) COMMENT 'What was done, such as user.created',
    `object` String COMMENT 'What it was done to, such as user:u_1',
    `detail` String COMMENT 'In words, such as the filter of an export; nothing personal',
    `changes` String COMMENT 'Fields that it changed, before and after, as JSON; personal values are hidden',
    `previous` FixedString(64) COMMENT 'Hash of the entry before; zeros for the first',
    `hash` FixedString(64) COMMENT 'SHA-256 of the entry, in hex digits'
)
ENGINE = {{everywhere ""}}
ORDER BY (number, hash)
COMMENT 'Audit log: each entry holds the hash of the one before';
