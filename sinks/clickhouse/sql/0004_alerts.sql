-- Alerts of customers, services and segments, and what was done about them. The gateway alone writes these two tables, a few
-- rows a second at most, so that every node of a cluster holds them whole.

-- An old row of an alert must never outlive the one that resolved it, or the alert would be at work again: parts are merged
-- when they are a day old, long before a row expires.
CREATE TABLE IF NOT EXISTS customer_satisfaction_alerts {{onCluster}}
(
    `id` String COMMENT 'Identity: a hash of rule, subject and what opened the alert',
    `version` UInt64 COMMENT 'Counts the changes of the alert from 1; the highest stands',
    `rule` LowCardinality(String) COMMENT 'Why: low_rating, low_mean, falling or group_falling',
    `dimension` LowCardinality(String) COMMENT 'What the alert is about: customer, service or segment',
    `value` String COMMENT 'Which one: the customer_id as in the facts, or the value of the dimension',
    `severity` Enum8('minor' = 1, 'major' = 2, 'critical' = 3) COMMENT 'How much the alert matters; it never falls while at work',
    `state` Enum8('open' = 1, 'acknowledged' = 2, 'contacted' = 3, 'resolved' = 4, 'verified' = 5) COMMENT 'How far the work is; up to contacted somebody has still to do something',
    `holding` Bool COMMENT 'Whether the reason still holds',
    `figure` Float64 COMMENT 'The lowest rating or the mean, 1 to 5, or the satisfied share, 0 to 1',
    `threshold` Float64 COMMENT 'What the figure is below, in the same unit',
    `ratings` Int64 COMMENT 'How many ratings the figure is made of',
    `figure_before` Float64 COMMENT 'Falling rules: the share of the window before',
    `ratings_before` Int64 COMMENT 'Falling rules: the ratings of the window before',
    `weight` Float64 COMMENT 'How much the subject counts, 1 for most',
    `rating_ids` Array(String) COMMENT 'Rule low_rating: the low ratings, the first one opened it; else the one that opened it, none for groups',
    `service` LowCardinality(String) COMMENT 'Service of the last rating; empty for groups',
    `segment` LowCardinality(String) COMMENT 'Segment of the last rating; empty for groups',
    `rated_at` DateTime64(3, 'UTC') COMMENT 'When the last rating was given; for groups the end of the window',
    `label_service` LowCardinality(String) COMMENT 'Service of the rating that opened it, which Alertmanager knows it by; empty for groups',
    `label_segment` LowCardinality(String) COMMENT 'Segment of the rating that opened it, which Alertmanager knows it by; empty for groups',
    `opened_at` DateTime64(3, 'UTC') COMMENT 'When the alert was opened first; it never changes',
    `reopened_at` DateTime64(3, 'UTC') COMMENT 'When the work on it began again, the last time; 1970 for never',
    `updated_at` DateTime64(3, 'UTC') COMMENT 'When it was last changed',
    `escalated_at` DateTime64(3, 'UTC') COMMENT 'When its severity last rose; 1970 for never',
    `acknowledged_at` DateTime64(3, 'UTC') COMMENT 'When somebody took notice; 1970 before',
    `contacted_at` DateTime64(3, 'UTC') COMMENT 'When the customer was spoken to; 1970 before',
    `resolved_at` DateTime64(3, 'UTC') COMMENT 'When the work was done or the reason had gone; 1970 before',
    `verified_at` DateTime64(3, 'UTC') COMMENT 'When somebody made sure that it helped; 1970 before',
    `contact_due` DateTime64(3, 'UTC') COMMENT 'Until when the customer should be spoken to',
    `resolve_due` DateTime64(3, 'UTC') COMMENT 'Until when it should be resolved',
    `assignee` String COMMENT 'Who works on it; empty for nobody',
    `resolution` String COMMENT 'What helped, in words; may be about a person, empty once erased',
    `resolved_by` String COMMENT 'Who resolved it; satisflow when it resolved by itself',
    `mailed_at` DateTime64(3, 'UTC') COMMENT 'When the first of its owners was told by mail; 1970 for never',
    `mailed_to` Array(String) COMMENT 'Who has the mail: hashes of addresses',
    `refused_to` Array(String) COMMENT 'Whom the mail server refused for good: hashes of addresses',
    `seen_epoch` UInt32 COMMENT 'Epoch that seen belongs to; 0 before the alert was resolved',
    `seen` Array(Int64) COMMENT 'What of the log had been looked at when it was resolved: the next offset of each Kafka partition'
)
ENGINE = {{everywhere "version"}}
ORDER BY id
TTL toDateTime(resolved_at, 'UTC') + INTERVAL 25 MONTH DELETE WHERE state >= 'resolved' AND resolved_at > toDateTime64(0, 3, 'UTC')
SETTINGS min_age_to_force_merge_seconds = 86400
COMMENT 'Alerts as they now are, one row each with FINAL; kept for 25 months after they were resolved';

CREATE TABLE IF NOT EXISTS customer_satisfaction_alert_entries {{onCluster}}
(
    `id` String COMMENT 'Identity of the alert',
    `version` UInt64 COMMENT 'Version of the alert after the change',
    `at` DateTime64(3, 'UTC') COMMENT 'When it was changed',
    `action` LowCardinality(String) COMMENT 'What happened: opened, updated, escalated, recovered, mailed, mail_refused, acknowledge, assign, contacted, resolve, verify, reopen or comment',
    `actor` String COMMENT 'Who did it; satisflow when no person did',
    `comment` String COMMENT 'What they said about it; may be about a person, empty once erased',
    `resolution` String COMMENT 'Resolution of the alert after the change; empty once erased',
    `alert` String COMMENT 'The rest of the alert after the change, as JSON with the names of its columns'
)
ENGINE = {{everywhere ""}}
PARTITION BY toYYYYMM(at)
ORDER BY (id, version, at, action)
TTL toStartOfMonth(toDateTime(at, 'UTC')) + INTERVAL 38 MONTH
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Every change of every alert; kept for at least 37 months, a year longer than an alert that was resolved at once';
