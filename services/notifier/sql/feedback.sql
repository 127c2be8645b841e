-- name: whose
-- The companies of mails ($1) that were handed over, or may have been: somebody has them in hand, or no answer came ($2).
SELECT d.delivery_id, d.tenant_id
FROM notifier.delivery d
WHERE d.delivery_id = ANY ($1::uuid[]) AND d.channel = 'email'
  AND (d.handed_at IS NOT NULL OR d.state = 'sending' OR d.state = 'postponed' AND d.reason = ANY ($2::text[]));

-- name: take
-- What was heard and is not applied: the oldest first, held until the end of the transaction. What is heard of a delivery that
-- a worker has in hand waits until its answer is written down.
SELECT f.tenant_id, f.feedback_id, f.delivery_id, f.digest, f.kind, f.reason, f.dead, f.at
FROM notifier.feedback f
WHERE f.applied_at IS NULL
  AND NOT coalesce((SELECT d.state = 'sending' FROM notifier.delivery d
                    WHERE d.tenant_id = f.tenant_id AND d.delivery_id = f.delivery_id
                    LIMIT 1), false)
ORDER BY f.recorded_at
LIMIT $1
FOR NO KEY UPDATE SKIP LOCKED;

-- name: applied
UPDATE notifier.feedback f SET applied_at = $3
FROM unnest($1::int[], $2::uuid[]) AS v(tenant_id, feedback_id)
WHERE f.tenant_id = v.tenant_id AND f.feedback_id = v.feedback_id;

-- name: forget
-- Some of what was applied by an instant.
DELETE FROM notifier.feedback f
USING (
    SELECT o.tenant_id, o.feedback_id FROM notifier.feedback o
    WHERE o.applied_at <= $1
    ORDER BY o.applied_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
) AS old
WHERE f.tenant_id = old.tenant_id AND f.feedback_id = old.feedback_id;

-- name: deliveries
-- The deliveries that are meant, by their ids ($2), locked.
SELECT d.tenant_id, d.programme_id, d.member_id, d.message, d.occasion, d.channel, d.occasion_on, d.delivery_id,
       d.purpose, d.route, d.place, d.spread, d.facts::text AS facts, d.useful_until, d.state, d.reason, d.digest
FROM unnest($1::int[], $2::uuid[]) AS v(tenant_id, delivery_id)
JOIN notifier.delivery d USING (tenant_id, delivery_id)
ORDER BY d.delivery_id
FOR NO KEY UPDATE OF d;

-- name: heard
UPDATE notifier.delivery d
SET state = v.state, reason = v.reason, handed_at = coalesce(d.handed_at, v.at),
    delivered_at = CASE WHEN v.state <> 'bounced' THEN coalesce(d.delivered_at, v.at) ELSE d.delivered_at END,
    opened_at = CASE WHEN v.state IN ('opened', 'clicked') THEN coalesce(d.opened_at, v.at) ELSE d.opened_at END,
    clicked_at = CASE WHEN v.state = 'clicked' THEN coalesce(d.clicked_at, v.at) ELSE d.clicked_at END,
    ended_at = CASE WHEN v.state = 'bounced' THEN v.at END,
    follow_at = CASE WHEN v.state IN ('opened', 'clicked', 'bounced') THEN NULL ELSE d.follow_at END,
    trail = CASE WHEN jsonb_array_length(d.trail) >= 24 THEN d.trail - 1 ELSE d.trail END || v.entry::jsonb
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $9::text[],
            $10::timestamptz[], $11::text[])
    AS v(tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, state, reason, at, entry)
WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
  AND d.message = v.message AND d.occasion = v.occasion AND d.channel = v.channel AND d.occasion_on = v.occasion_on;
