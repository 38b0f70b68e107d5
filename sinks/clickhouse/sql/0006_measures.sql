{{define "meta"}}    `id` String COMMENT 'Identity',
    `version` UInt64 COMMENT 'Counts the changes from 1; the highest stands',
    `changed_at` DateTime64(3, 'UTC') COMMENT 'When this version was made',
    `changed_by` String COMMENT 'User, token or process that made it',
    `action` LowCardinality(String) COMMENT 'What the change was, a word'{{end -}}

{{define "measure"}}{{template "meta"}},
    `title` String COMMENT 'What is done, in a line',
    `description` String COMMENT 'What is done, in words',
    `category` LowCardinality(String) COMMENT 'service_training, process_optimisation, communication or quality_assurance',
    `priority` LowCardinality(String) COMMENT 'high, medium or low',
    `state` LowCardinality(String) COMMENT 'proposed, planned, in_progress, done, evaluated, standardised or dropped',
    `service` LowCardinality(String) COMMENT 'Service that it is about; empty for all',
    `product` String COMMENT 'Product that it is about; empty for all',
    `segment` LowCardinality(String) COMMENT 'Customer segment that it is about; empty for all',
    `customer` String COMMENT 'Customer that it is about, as in the facts; empty for all',
    `cause` String COMMENT 'Root cause, as JSON: code, text, drivers',
    `owner` String COMMENT 'Who is responsible',
    `due_at` DateTime64(3, 'UTC') COMMENT 'Until when it should be done; 1970 for no date',
    `planned` String COMMENT 'Person days and budget as planned, as JSON',
    `spent` String COMMENT 'Person days and budget that it took, as JSON',
    `expectation` String COMMENT 'Metric, baseline, expected share, days, control group and ratings needed, as JSON; frozen at the start',
    `alerts` Array(String) COMMENT 'Alerts that it answers',
    `created_at` DateTime64(3, 'UTC') COMMENT 'When it was proposed',
    `started_at` DateTime64(3, 'UTC') COMMENT 'When it was started; 1970 before',
    `done_at` DateTime64(3, 'UTC') COMMENT 'When it was done; 1970 before',
    `evaluated_at` DateTime64(3, 'UTC') COMMENT 'When its effect was last worked out; 1970 before',
    `closed_at` DateTime64(3, 'UTC') COMMENT 'When it was standardised or dropped; 1970 before',
    `evaluation` String COMMENT 'Effect with all that it was worked out from, as JSON; null before',
    `verdict` LowCardinality(String) COMMENT 'improved, no_evidence, worse, too_few_data, or empty before it was evaluated',
    `reason` String COMMENT 'Why it was dropped',
    `template` String COMMENT 'Measure of the library that it follows; empty for none',
    `reminder_sent` DateTime64(3, 'UTC') COMMENT 'When its owner was last reminded; 1970 for never'{{end -}}

{{define "task"}}{{template "meta"}},
    `measure` String COMMENT 'Identity of the measure',
    `title` String COMMENT 'What is to do',
    `owner` String COMMENT 'Who does it',
    `state` LowCardinality(String) COMMENT 'open, in_progress, done or dropped',
    `due_at` DateTime64(3, 'UTC') COMMENT 'Until when; 1970 for no date',
    `done_at` DateTime64(3, 'UTC') COMMENT 'When it was done; 1970 before',
    `created_at` DateTime64(3, 'UTC') COMMENT 'When it was added'{{end -}}

-- Improvement measures and their tasks. The gateway alone writes here.

CREATE TABLE IF NOT EXISTS customer_satisfaction_improvements {{onCluster}}
(
{{template "measure"}}
)
ENGINE = {{everywhere "version"}}
ORDER BY id
COMMENT 'Improvement measures as they now are, one row each with FINAL';

CREATE TABLE IF NOT EXISTS customer_satisfaction_improvements_history {{onCluster}}
(
{{template "measure"}}
)
ENGINE = {{everywhere ""}}
ORDER BY (id, version, changed_at)
COMMENT 'Every version of every improvement measure';

CREATE TABLE IF NOT EXISTS customer_improvement_tasks {{onCluster}}
(
{{template "task"}}
)
ENGINE = {{everywhere "version"}}
ORDER BY id
COMMENT 'Tasks of improvement measures as they now are, one row each with FINAL';

CREATE TABLE IF NOT EXISTS customer_improvement_tasks_history {{onCluster}}
(
{{template "task"}}
)
ENGINE = {{everywhere ""}}
ORDER BY (id, version, changed_at)
COMMENT 'Every version of every task';
