-- Endpoints of webhooks and what they are told, as people see and change it.

-- name: add
INSERT INTO notifier.webhook_endpoint
    (tenant_id, endpoint_id, url, event_types, style, description, secret, state_at, asked_at, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $9);

-- name: count
SELECT count(*) FROM notifier.webhook_endpoint WHERE tenant_id = $1;

-- name: endpoints
-- Newest first, with how many messages wait for each; no more than 1,000 are counted.
SELECT e.endpoint_id, e.url, e.event_types, e.style, e.description, e.state, e.state_at, e.paused_until, e.old_until,
       e.created_at, e.created_by,
       (SELECT count(*) FROM (SELECT FROM notifier.webhook_message m
                              WHERE m.tenant_id = e.tenant_id AND m.endpoint_id = e.endpoint_id AND m.state = 'waiting'
                              LIMIT 1000) AS few) AS waiting
FROM notifier.webhook_endpoint e
WHERE e.tenant_id = $1 AND ($2::uuid IS NULL OR e.endpoint_id = $2)
ORDER BY e.created_at DESC, e.endpoint_id;

-- name: lock_secret
SELECT secret FROM notifier.webhook_endpoint WHERE tenant_id = $1 AND endpoint_id = $2 FOR UPDATE;

-- name: rotate
UPDATE notifier.webhook_endpoint SET old_secret = secret, secret = $3, old_until = $4
WHERE tenant_id = $1 AND endpoint_id = $2;

-- name: change
UPDATE notifier.webhook_endpoint
SET url = coalesce($3, url), event_types = coalesce($4, event_types), style = coalesce($5, style),
    description = coalesce($6, description),
    asked_at = CASE WHEN event_types = $4 OR $4 IS NULL THEN asked_at ELSE $7 END
WHERE tenant_id = $1 AND endpoint_id = $2
RETURNING endpoint_id;

-- name: turn
-- Turned on again, it is written to at once, whatever it asked for before; what happened meanwhile is not for it.
UPDATE notifier.webhook_endpoint
SET state = $3, paused_until = NULL,
    state_at = CASE WHEN state = $3 THEN state_at ELSE $4 END, asked_at = CASE WHEN state = $3 THEN asked_at ELSE $4 END
WHERE tenant_id = $1 AND endpoint_id = $2
RETURNING endpoint_id;

-- name: remove_attempts
DELETE FROM notifier.webhook_attempt WHERE tenant_id = $1 AND endpoint_id = $2;

-- name: remove_messages
DELETE FROM notifier.webhook_message WHERE tenant_id = $1 AND endpoint_id = $2;

-- name: remove
DELETE FROM notifier.webhook_endpoint WHERE tenant_id = $1 AND endpoint_id = $2 RETURNING endpoint_id;

-- name: keep
-- One that is known stays as it is.
INSERT INTO notifier.webhook_message
    (tenant_id, endpoint_id, message_id, event_type, occurred_at, queued_at, body, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $6)
ON CONFLICT (tenant_id, endpoint_id, message_id) DO NOTHING
RETURNING message_id;

-- name: messages
-- Newest first, below a place.
SELECT message_id, event_type, occurred_at, queued_at, state, due_at, failed, attempts, ended_at, NULL::bytea AS body
FROM notifier.webhook_message
WHERE tenant_id = $1 AND endpoint_id = $2 AND ($3::text IS NULL OR state = $3)
  AND ($4::timestamptz IS NULL OR (queued_at, message_id) < ($4, $5::uuid))
ORDER BY queued_at DESC, message_id DESC
LIMIT $6;

-- name: message
SELECT message_id, event_type, occurred_at, queued_at, state, due_at, failed, attempts, ended_at, body
FROM notifier.webhook_message
WHERE tenant_id = $1 AND endpoint_id = $2 AND message_id = $3;

-- name: attempts
SELECT number, at, took_ms, outcome, status, why, answer
FROM notifier.webhook_attempt
WHERE tenant_id = $1 AND endpoint_id = $2 AND message_id = $3
ORDER BY number DESC
LIMIT 200;

-- name: resend
-- What waits for a later attempt is due at once; one that is being sent right now is sent once more if that fails.
UPDATE notifier.webhook_message SET state = 'waiting', due_at = $4, failed = 0, ended_at = NULL
WHERE tenant_id = $1 AND endpoint_id = $2 AND message_id = $3
RETURNING message_id;

-- name: replay
-- Of what happened in a range, what has come to an end; the oldest first, and no more than so many.
UPDATE notifier.webhook_message m SET state = 'waiting', due_at = $6, failed = 0, ended_at = NULL
FROM (
    SELECT message_id FROM notifier.webhook_message
    WHERE tenant_id = $1 AND endpoint_id = $2 AND occurred_at >= $3 AND occurred_at < $4
      AND state IN ('failed', CASE WHEN $5 THEN 'failed' ELSE 'delivered' END)
    ORDER BY occurred_at, message_id
    LIMIT $7
    FOR UPDATE
) AS asked
WHERE m.tenant_id = $1 AND m.endpoint_id = $2 AND m.message_id = asked.message_id
RETURNING m.message_id;
