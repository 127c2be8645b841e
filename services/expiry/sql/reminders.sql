-- name: open
-- A step that came due: it runs, or is skipped, in which case it is over at once ($18).
INSERT INTO expiry.reminder (tenant_id, programme_id, wallet, boundary, step, days, due_at, since, local_date, zone,
                             programme_version, min_points, tiers, segments, worth_points, worth_minor, state, started_at,
                             ended_at, members)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
        CASE WHEN $17 = 'running' THEN $18::timestamptz END, CASE WHEN $17 = 'skipped' THEN $18::timestamptz END, $19)
ON CONFLICT DO NOTHING
RETURNING step;

-- name: known
SELECT r.wallet, r.boundary, r.step FROM expiry.reminder r
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.due_at > $3;

-- name: cut
-- Cuts the members of a programme of whom something lapses by then into chunks of $6, and says how many they are.
WITH due AS (
    SELECT m.member_id, (row_number() OVER (ORDER BY m.member_id) - 1) / $6::int AS number
    FROM ledger.member m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.lapses_at <= $4
), ranged AS (
    SELECT number, (array_agg(member_id ORDER BY member_id DESC))[1] AS last, count(*) AS members FROM due GROUP BY number
), chunks AS (
    INSERT INTO expiry.reminder_chunk (tenant_id, programme_id, wallet, boundary, step, number, after, last)
    SELECT $1, $2, $3, $4, $5, r.number,
           lag(r.last, 1, '00000000-0000-0000-0000-000000000000') OVER (ORDER BY r.number), r.last
    FROM ranged r
)
SELECT coalesce(sum(members), 0)::bigint FROM ranged;

-- name: end_overtaken
-- What runs though its boundary has passed, or a later step of it has come due, goes no further.
UPDATE expiry.reminder r SET state = 'stopped', ended_at = $1
WHERE r.state = 'running' AND (r.boundary <= $1 OR EXISTS (
    SELECT FROM expiry.reminder o
    WHERE o.tenant_id = r.tenant_id AND o.programme_id = r.programme_id AND o.wallet = r.wallet AND o.boundary = r.boundary
      AND o.due_at > r.due_at))
RETURNING r.step;

-- name: end_told
UPDATE expiry.reminder r SET state = 'finished', ended_at = $1
WHERE r.state = 'running' AND NOT EXISTS (
    SELECT FROM expiry.reminder_chunk c
    WHERE c.tenant_id = r.tenant_id AND c.programme_id = r.programme_id AND c.wallet = r.wallet AND c.boundary = r.boundary
      AND c.step = r.step AND NOT c.finished)
RETURNING r.step;

-- name: running
SELECT count(*) FROM expiry.reminder WHERE state = 'running';

-- name: claim
-- A chunk that nobody works on, or whose worker has not been heard of since its lease; the earliest step first.
UPDATE expiry.reminder_chunk c SET epoch = c.epoch + 1, holder = $1, lease_until = $3
FROM (
    SELECT x.tenant_id, x.programme_id, x.wallet, x.boundary, x.step, x.number
    FROM expiry.reminder r JOIN expiry.reminder_chunk x USING (tenant_id, programme_id, wallet, boundary, step)
    WHERE r.state = 'running' AND NOT x.finished AND (x.lease_until IS NULL OR x.lease_until < $2)
    ORDER BY r.due_at, x.number
    LIMIT 1
    FOR NO KEY UPDATE OF x SKIP LOCKED
) AS f
WHERE c.tenant_id = f.tenant_id AND c.programme_id = f.programme_id AND c.wallet = f.wallet AND c.boundary = f.boundary
  AND c.step = f.step AND c.number = f.number
RETURNING c.tenant_id, c.programme_id, c.wallet, c.boundary, c.step, c.number, c.after, c.last, c.epoch;

-- name: hold
-- What a chunk is of, while it is still ours, its step runs and its boundary is ahead; locked.
SELECT r.days, r.due_at, r.since, r.local_date, r.zone, r.programme_version, r.min_points, r.tiers, r.segments,
       r.worth_points, r.worth_minor, t.slug AS tenant, p.slug AS programme
FROM expiry.reminder_chunk c
JOIN expiry.reminder r USING (tenant_id, programme_id, wallet, boundary, step)
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.wallet = $3 AND c.boundary = $4 AND c.step = $5 AND c.number = $6
  AND c.epoch = $7 AND NOT c.finished AND r.state = 'running' AND r.boundary > $8
FOR NO KEY UPDATE OF c;

-- name: finish_chunk
UPDATE expiry.reminder_chunk SET finished = true, told = $7::jsonb
WHERE tenant_id = $1 AND programme_id = $2 AND wallet = $3 AND boundary = $4 AND step = $5 AND number = $6;
