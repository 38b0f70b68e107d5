-- Made before the first migration, which one process at a time takes.
CREATE TABLE IF NOT EXISTS leases {{onCluster}}
(
    `name` String COMMENT 'What one process at a time may do',
    `version` UInt64 COMMENT 'Orders the rows: each renewal is higher',
    `holder` String COMMENT 'Process that does it; empty when it was released',
    `since` DateTime64(3, 'UTC') COMMENT 'When the holder began',
    `renewed_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When the row was stored, for people; nothing is decided by it'
)
ENGINE = {{everywhere "version"}}
ORDER BY name
COMMENT 'Who does what only one process may do: deciding alerts, migrating, registering and filling epochs';
