-- name: of_member
-- The messages of a member ($3), newest first, before a place ($4, $5), of one kind ($7) and channel ($8) where given.
SELECT p.slug AS programme, d.member_id, d.message, d.occasion, d.occasion_on, d.channel, d.delivery_id, d.purpose, d.place,
       d.route, d.facts::text AS facts, d.state, d.reason, d.detail, d.language, d.queued_at, d.due_at, d.useful_until,
       d.attempts, d.handed_at, d.delivered_at, d.opened_at, d.clicked_at, d.ended_at, d.trail::text AS trail
FROM notifier.delivery d JOIN platform.programme p USING (tenant_id, programme_id)
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.member_id = $3
  AND ($4::timestamptz IS NULL OR (d.queued_at, d.delivery_id) < ($4, $5::uuid))
  AND ($7::text IS NULL OR d.message = $7) AND ($8::text IS NULL OR d.channel = $8)
ORDER BY d.queued_at DESC, d.delivery_id DESC
LIMIT $6;

-- name: one
SELECT p.slug AS programme, d.member_id, d.message, d.occasion, d.occasion_on, d.channel, d.delivery_id, d.purpose, d.place,
       d.route, d.facts::text AS facts, d.state, d.reason, d.detail, d.language, d.queued_at, d.due_at, d.useful_until,
       d.attempts, d.handed_at, d.delivered_at, d.opened_at, d.clicked_at, d.ended_at, d.trail::text AS trail
FROM notifier.delivery d JOIN platform.programme p USING (tenant_id, programme_id)
WHERE d.tenant_id = $1 AND d.delivery_id = $2;

-- name: captured
-- What was captured, newest first, of one message ($3), channel ($4) or programme ($8), from an instant ($5) and until another
-- ($6), where given, behind so many ($7).
SELECT p.slug AS programme, d.member_id, d.message, d.occasion, d.occasion_on, d.channel, d.delivery_id, d.purpose, d.place,
       d.route, d.facts::text AS facts, d.state, d.reason, d.detail, d.language, d.queued_at, d.due_at, d.useful_until,
       d.attempts, d.handed_at, d.delivered_at, d.opened_at, d.clicked_at, d.ended_at, d.trail::text AS trail,
       c.captured_at, c.sealed
FROM (
    SELECT k.* FROM notifier.captured k
    WHERE k.tenant_id = $1 AND ($3::uuid IS NULL OR k.delivery_id = $3) AND ($4::text IS NULL OR k.channel = $4)
      AND ($5::timestamptz IS NULL OR k.captured_at >= $5) AND ($6::timestamptz IS NULL OR k.captured_at < $6)
      AND ($8::int IS NULL OR EXISTS (
          SELECT FROM notifier.delivery o
          WHERE o.delivery_id = k.delivery_id AND o.tenant_id = $1 AND o.programme_id = $8
      ))
    ORDER BY k.captured_at DESC, k.delivery_id
    LIMIT $2 OFFSET $7
) AS c
JOIN notifier.delivery d USING (tenant_id, delivery_id)
JOIN platform.programme p USING (tenant_id, programme_id)
ORDER BY c.captured_at DESC, c.delivery_id;

-- name: totals
-- How many messages there are of each state by channel and message, behind a day ($3).
SELECT d.message, d.channel, d.state, coalesce(d.reason, '') AS reason, count(*) AS messages
FROM notifier.delivery d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.occasion_on >= $3
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: hear
INSERT INTO notifier.feedback (tenant_id, feedback_id, delivery_id, digest, kind, reason, dead, at, recorded_at)
SELECT $1, v.feedback_id, v.delivery_id, v.digest, v.kind, v.reason, v.dead, v.at, $9
FROM unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::timestamptz[])
    AS v(feedback_id, delivery_id, digest, kind, reason, dead, at)
ON CONFLICT DO NOTHING;
