-- name: known
-- In whatever programme of the tenant: an id stands for one message.
SELECT m.programme_id, m.digest FROM notifier.mass m WHERE m.tenant_id = $1 AND m.mass_id = $2;

-- name: make
INSERT INTO notifier.mass (tenant_id, programme_id, mass_id, digest, name, wanted, state, starts_at, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, 'counting', $7, $8, $9)
ON CONFLICT DO NOTHING
RETURNING mass_id;

-- name: name_members
INSERT INTO notifier.mass_member (tenant_id, programme_id, mass_id, member_id)
SELECT DISTINCT $1::int, $2::int, $3::uuid, v.member_id FROM unnest($4::uuid[]) AS v(member_id);

-- name: load
-- The newest first; of one programme ($2) or all of the tenant's, behind a place ($3, $4), or one by its id ($5).
SELECT m.programme_id, m.mass_id, p.slug AS programme, m.name, m.wanted::text AS wanted, m.state, m.made_by, m.made_at,
       m.counted, m.counted_at, m.members, m.starts_at, m.sent_by, m.sent_at, m.approval_above, m.decided_by, m.decided_at,
       m.begins_at, m.laid, m.laid_at, m.ended_at,
       (SELECT count(*)::int FROM notifier.mass_member n
        WHERE n.tenant_id = m.tenant_id AND n.programme_id = m.programme_id AND n.mass_id = m.mass_id) AS named
FROM notifier.mass m
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE m.tenant_id = $1 AND ($2::int IS NULL OR m.programme_id = $2) AND ($5::uuid IS NULL OR m.mass_id = $5)
  AND ($3::timestamptz IS NULL OR (m.made_at, m.mass_id) < ($3, $4::uuid))
ORDER BY m.made_at DESC, m.mass_id DESC
LIMIT $6;

-- name: lock
SELECT m.state, m.members, m.starts_at, m.sent_by, m.approval_above FROM notifier.mass m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3
FOR NO KEY UPDATE;

-- name: sent
UPDATE notifier.mass m SET state = $4, sent_by = $5, sent_at = $6, approval_above = $7,
       ended_at = NULL
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3;

-- name: decided
UPDATE notifier.mass m SET state = $4, decided_by = $5, decided_at = $6,
       ended_at = CASE WHEN $4 = 'refused' THEN $6::timestamptz END
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3;

-- name: steered
-- A pace is reckoned anew from whenever it goes on.
UPDATE notifier.mass m SET state = $4, paced_at = NULL, ended_at = CASE WHEN $4 = 'cancelled' THEN $5::timestamptz END
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3;

-- name: recount
UPDATE notifier.mass m SET state = 'counting', counted = 0, count_after = '00000000-0000-0000-0000-000000000000',
       counted_at = NULL, members = NULL
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3;

-- name: forget_counts
DELETE FROM notifier.mass_count c WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.mass_id = $3;

-- name: counts
SELECT c.variant, c.verdict, c.channel, c.reason, c.members FROM notifier.mass_count c
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.mass_id = $3
ORDER BY c.variant, c.verdict = 'drop', c.verdict = 'wait', c.members DESC, c.channel, c.reason;

-- name: became
-- How the deliveries of the occasions of a mass message ($3) stand.
SELECT d.occasion, d.channel, d.state, coalesce(d.reason, '') AS reason, count(*)::int AS messages
FROM notifier.delivery d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.occasion = ANY ($3::text[]) AND d.occasion LIKE 'mass/%'
GROUP BY 1, 2, 3, 4
ORDER BY 1, 5 DESC, 2, 3, 4;
