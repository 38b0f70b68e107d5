CREATE TABLE IF NOT EXISTS schema_migrations {{onCluster}}
(
    `version` UInt32 COMMENT 'Number of the migration',
    `name` String COMMENT 'Name of the migration',
    `checksum` String COMMENT 'First 16 hex digits of the SHA-256 of its file',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was taken'
)
ENGINE = {{everywhere "applied_at"}}
ORDER BY version
COMMENT 'Migrations that this database has taken';
