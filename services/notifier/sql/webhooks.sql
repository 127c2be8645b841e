-- Webhooks on their way: who listens, what is due, what became of it. All tenants, as the notifier works for all.

-- name: listeners
SELECT e.tenant_id, t.slug AS tenant, e.endpoint_id, e.event_types, e.style,
       floor(extract(epoch FROM e.state_at) * 1000)::float8 / 1000 AS since, e.asked_at
FROM notifier.webhook_endpoint e
JOIN platform.tenant t USING (tenant_id)
WHERE e.state = 'on';

-- name: one_by_one
-- Whoever notes what is followed waits for others who do.
SELECT pg_advisory_xact_lock(hashtext('notifier.webhook_topic'));

-- name: unfollow
DELETE FROM notifier.webhook_topic WHERE topic <> ALL ($1::text[]);

-- name: follow
INSERT INTO notifier.webhook_topic (topic, since)
SELECT v.topic, v.since FROM unnest($1::text[], $2::timestamptz[]) AS v(topic, since)
ON CONFLICT DO NOTHING;

-- name: followed
SELECT topic, since FROM notifier.webhook_topic;

-- name: claim
-- Of each endpoint a few, so that one that answers slowly keeps nobody waiting; those behind $5 have their turn first.
-- An endpoint that has all it may have at once is left out.
WITH due AS (
    SELECT m.tenant_id, m.endpoint_id, m.message_id
    FROM notifier.webhook_endpoint e
    CROSS JOIN LATERAL (
        SELECT w.tenant_id, w.endpoint_id, w.message_id
        FROM notifier.webhook_message w
        WHERE w.tenant_id = e.tenant_id AND w.endpoint_id = e.endpoint_id AND w.state = 'waiting' AND w.due_at <= $1
          AND (w.lease_until IS NULL OR w.lease_until <= $1)
        ORDER BY w.due_at
        LIMIT $3
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS m
    WHERE e.state = 'on' AND (e.paused_until IS NULL OR e.paused_until <= $1) AND e.endpoint_id <> ALL ($6::uuid[])
    ORDER BY e.endpoint_id <= $5, e.endpoint_id
    LIMIT $4
)
UPDATE notifier.webhook_message m SET lease_until = $2, epoch = m.epoch + 1
FROM due JOIN notifier.webhook_endpoint e USING (tenant_id, endpoint_id)
WHERE m.tenant_id = due.tenant_id AND m.endpoint_id = due.endpoint_id AND m.message_id = due.message_id
RETURNING m.tenant_id, m.endpoint_id, m.message_id, m.epoch, m.failed, m.body, e.url, e.secret,
          CASE WHEN e.old_until > $1 THEN e.old_secret END AS old_secret;

-- name: finish
-- What an attempt came to, written by whoever holds the message; of another nothing is kept.
WITH mine AS (
    UPDATE notifier.webhook_message
    SET state = $5, due_at = $6, failed = $7, ended_at = $8, attempts = attempts + 1, lease_until = NULL
    WHERE tenant_id = $1 AND endpoint_id = $2 AND message_id = $3 AND epoch = $4
    RETURNING attempts
)
INSERT INTO notifier.webhook_attempt
    (tenant_id, endpoint_id, message_id, number, at, took_ms, outcome, status, why, answer)
SELECT $1, $2, $3, mine.attempts, $9, $10, $11, $12, $13, $14 FROM mine
RETURNING number;

-- name: pause
UPDATE notifier.webhook_endpoint SET paused_until = $3
WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'on' AND (paused_until IS NULL OR paused_until < $3);

-- name: give_up
UPDATE notifier.webhook_endpoint SET state = 'gone', state_at = $3
WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 'on'
RETURNING endpoint_id;

-- name: backlog
-- How many wait at endpoints that are on, no more than 100,000 counted, and since when the first of them has been due.
SELECT count(*) AS waiting, min(due_at) FILTER (WHERE due_at <= $1) AS oldest
FROM (
    SELECT m.due_at
    FROM notifier.webhook_endpoint e
    JOIN notifier.webhook_message m USING (tenant_id, endpoint_id)
    WHERE e.state = 'on' AND m.state = 'waiting'
    LIMIT 100000
) AS few;

-- name: forgettable
SELECT tenant_id, endpoint_id, message_id FROM notifier.webhook_message WHERE ended_at <= $1 LIMIT 500;

-- name: forget_attempts
DELETE FROM notifier.webhook_attempt
WHERE (tenant_id, endpoint_id, message_id) IN (SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[]));

-- name: forget
-- One that was asked for again meanwhile stays.
DELETE FROM notifier.webhook_message
WHERE (tenant_id, endpoint_id, message_id) IN (SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[]))
  AND ended_at <= $4;
