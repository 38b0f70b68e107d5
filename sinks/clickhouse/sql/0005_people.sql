{{define "meta"}}    `id` String COMMENT 'Identity',
    `version` UInt64 COMMENT 'Counts the changes from 1; the highest stands',
    `changed_at` DateTime64(3, 'UTC') COMMENT 'When this version was made',
    `changed_by` String COMMENT 'User, token or process that made it',
    `action` LowCardinality(String) COMMENT 'What the change was, a word'{{end -}}

{{define "user"}}{{template "meta"}},
    `name` String COMMENT 'Name to sign in with, lower case',
    `display_name` String COMMENT 'Name for people',
    `email` String COMMENT 'Address for mails to the user; may be empty',
    `role` LowCardinality(String) COMMENT 'producer, viewer, agent, analyst or admin',
    `scope` String COMMENT 'Services and segments that the user sees, as JSON; none is all',
    `password_hash` String COMMENT 'argon2id in PHC form; empty for those who sign in elsewhere',
    `subject` String COMMENT 'Issuer and subject of OIDC; empty for those who sign in here',
    `disabled` Bool COMMENT 'Whether the user may not sign in',
    `language` LowCardinality(String) COMMENT 'zh, en or empty for the browser''s',
    `time_zone` LowCardinality(String) COMMENT 'IANA name or empty for the browser''s',
    `created_at` DateTime64(3, 'UTC') COMMENT 'When the user was added',
    `signed_in_at` DateTime64(3, 'UTC') COMMENT 'When the user last signed in; 1970 for never'{{end -}}

{{define "token"}}{{template "meta"}},
    `name` String COMMENT 'What the token is for',
    `hint` String COMMENT 'First characters of the token, to recognize it',
    `hash` String COMMENT 'SHA-256 of the token',
    `role` LowCardinality(String) COMMENT 'producer, viewer, agent, analyst or admin',
    `scope` String COMMENT 'Services and segments that the token sees, as JSON; none is all',
    `created_at` DateTime64(3, 'UTC') COMMENT 'When the token was made',
    `expires_at` DateTime64(3, 'UTC') COMMENT 'Until when it holds; 1970 for ever',
    `revoked_at` DateTime64(3, 'UTC') COMMENT 'When it was revoked; 1970 while it holds',
    `used_at` DateTime64(3, 'UTC') COMMENT 'When it was last used, to five minutes; 1970 for never'{{end -}}

{{define "session"}}{{template "meta"}},
    `hash` String COMMENT 'SHA-256 of the cookie',
    `user` String COMMENT 'Identity of the user',
    `created_at` DateTime64(3, 'UTC') COMMENT 'When the user signed in',
    `expires_at` DateTime64(3, 'UTC') COMMENT 'When the session ends by itself',
    `ended_at` DateTime64(3, 'UTC') COMMENT 'When it was ended; 1970 while it lasts',
    `address` String COMMENT 'Address of the browser at the sign-in',
    `agent` String COMMENT 'Name of the browser, its first 200 bytes'{{end -}}

-- People who sign in, tokens of programs, and signed-in browsers. The gateway alone writes here. No password, token or
-- cookie is stored, only what they are checked by.

CREATE TABLE IF NOT EXISTS satisflow_users {{onCluster}}
(
{{template "user"}}
)
ENGINE = {{everywhere "version"}}
ORDER BY id
COMMENT 'Users as they now are, one row each with FINAL';

CREATE TABLE IF NOT EXISTS satisflow_users_history {{onCluster}}
(
{{template "user"}}
)
ENGINE = {{everywhere ""}}
ORDER BY (id, version, changed_at)
COMMENT 'Every version of every user';

CREATE TABLE IF NOT EXISTS satisflow_tokens {{onCluster}}
(
{{template "token"}}
)
ENGINE = {{everywhere "version"}}
ORDER BY id
COMMENT 'API tokens as they now are, one row each with FINAL';

CREATE TABLE IF NOT EXISTS satisflow_tokens_history {{onCluster}}
(
{{template "token"}}
)
ENGINE = {{everywhere ""}}
ORDER BY (id, version, changed_at)
COMMENT 'Every version of every API token';

CREATE TABLE IF NOT EXISTS satisflow_sessions {{onCluster}}
(
{{template "session"}}
)
ENGINE = {{everywhere "version"}}
ORDER BY id
TTL toDateTime(expires_at, 'UTC') + INTERVAL 30 DAY
SETTINGS min_age_to_force_merge_seconds = 86400
COMMENT 'Signed-in browsers, one row each with FINAL; kept for 30 days after their end';

CREATE TABLE IF NOT EXISTS satisflow_sessions_history {{onCluster}}
(
{{template "session"}}
)
ENGINE = {{everywhere ""}}
ORDER BY (id, version, changed_at)
TTL toDateTime(expires_at, 'UTC') + INTERVAL 400 DAY
COMMENT 'Every version of every session: who signed in from where, for 400 days';
