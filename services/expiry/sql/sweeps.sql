-- name: versions
-- Every version there is; those that are known need no document.
SELECT v.tenant_id, v.programme_id, t.slug AS tenant, p.slug AS programme, v.version, v.hash, v.active_from
FROM platform.programme_version v
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
ORDER BY v.tenant_id, v.programme_id, v.version;

-- name: document
SELECT document FROM platform.programme_version WHERE tenant_id = $1 AND programme_id = $2 AND version = $3 AND hash = $4;

-- name: last_boundary
-- The last boundary that was announced, and whether any before now waits or runs.
SELECT max(s.boundary) AS last, bool_or(s.ended_at IS NULL) AS open
FROM expiry.sweep s WHERE s.tenant_id = $1 AND s.programme_id = $2;

-- name: first_due
SELECT min(m.lapses_at) FROM ledger.member m WHERE m.tenant_id = $1 AND m.programme_id = $2;

-- name: announced
-- The last boundary that is past ($3), and those ahead, of which sweeps are announced.
SELECT max(s.boundary) FILTER (WHERE s.boundary <= $3) AS past,
       coalesce(array_agg(s.boundary) FILTER (WHERE s.boundary > $3), '{}') AS ahead
FROM expiry.sweep s WHERE s.tenant_id = $1 AND s.programme_id = $2;

-- name: days_due
-- When the next points of members lapse, behind $3 and no later than $4.
SELECT DISTINCT m.lapses_at AS at
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.lapses_at > $3 AND m.lapses_at <= $4
ORDER BY at;

-- name: announce
INSERT INTO expiry.sweep (tenant_id, programme_id, boundary, sweep_id, local_date, zone, tzdata, wallets, cause, state,
                          preview, announced_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'announced', $10::jsonb, $11)
ON CONFLICT DO NOTHING
RETURNING sweep_id;

-- name: duty
-- One worker at a time sees to what sweeps there are, until its transaction ends.
SELECT pg_try_advisory_xact_lock(7203941, 25);

-- name: asked
SELECT * FROM expiry.sweep
WHERE asked IS NOT NULL ORDER BY tenant_id, programme_id, boundary FOR NO KEY UPDATE;

-- name: hold_back
-- What was asked stays: who wanted it run does not approve of it.
UPDATE expiry.sweep SET state = 'awaiting_approval'
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3 AND state = 'announced' AND approved_by IS NULL
RETURNING sweep_id;

-- name: approve
UPDATE expiry.sweep SET state = 'announced', asked = NULL, approved_by = coalesce(asked_by, 'somebody'), approved_at = $4
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: turn
UPDATE expiry.sweep
SET state = $4, asked = NULL, ended_at = CASE WHEN $4 IN ('finished', 'cancelled') THEN $5::timestamptz END
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: startable
-- Of each programme the earliest that is not over.
SELECT DISTINCT ON (s.tenant_id, s.programme_id) s.*
FROM expiry.sweep s
WHERE s.ended_at IS NULL
ORDER BY s.tenant_id, s.programme_id, s.boundary;

-- name: start
UPDATE expiry.sweep SET state = 'running', started_at = $4, asked = NULL, members = $5, told_at = $6
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: cut
-- Cuts the members of a programme who are due into chunks of $4, numbered on from those there are, and says how many they
-- are. $5 leaves out those for whom an activation is due: they are somebody else's.
WITH due AS (
    SELECT m.member_id, (row_number() OVER (ORDER BY m.member_id) - 1) / $4::int AS number
    FROM ledger.member m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.lapses_at <= $3
      AND (NOT $5 OR m.activates_at IS NULL OR m.activates_at > $3)
), ranged AS (
    SELECT number, (array_agg(member_id ORDER BY member_id DESC))[1] AS last, count(*) AS members FROM due GROUP BY number
), cut AS (
    INSERT INTO expiry.chunk (tenant_id, programme_id, boundary, number, after, last)
    SELECT $1, $2, $3,
           (SELECT coalesce(max(c.number), -1) + 1 FROM expiry.chunk c
            WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.boundary = $3) + r.number,
           lag(r.last, 1, '00000000-0000-0000-0000-000000000000') OVER (ORDER BY r.number), r.last
    FROM ranged r
)
SELECT coalesce(sum(members), 0)::bigint FROM ranged;

-- name: still_due
SELECT EXISTS (SELECT FROM ledger.member m WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.lapses_at <= $3);

-- name: running
SELECT s.*, c.chunks, c.finished AS chunks_finished, c.done
FROM expiry.sweep s
CROSS JOIN LATERAL (
    SELECT count(*) AS chunks, count(*) FILTER (WHERE finished) AS finished, sum(members)::bigint AS done
    FROM expiry.chunk x
    WHERE x.tenant_id = s.tenant_id AND x.programme_id = s.programme_id AND x.boundary = s.boundary
) AS c
WHERE s.state = 'running'
ORDER BY s.tenant_id, s.programme_id, s.boundary;

-- name: tell
UPDATE expiry.sweep SET told_at = $4 WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: lapsed
-- All that lapsed at a boundary, by the ledger itself: behind the boundary before it, whoever wrote it down.
SELECT m.wallet, count(DISTINCT m.member_id) AS members, count(a.lot_seq) AS lots, sum(a.amount)::bigint AS points
FROM ledger.movement m
JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.kind = 'expire' AND m.effective_at <= $3
  AND m.effective_at > coalesce((SELECT max(s.boundary) FROM expiry.sweep s
                                 WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.boundary < $3), '-infinity')
GROUP BY m.wallet
ORDER BY m.wallet;

-- name: finish
UPDATE expiry.sweep SET state = 'finished', ended_at = $4, asked = NULL, lapsed = $5::jsonb
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: claim
-- A chunk that nobody works on, or whose worker has not been heard of since its lease.
UPDATE expiry.chunk c SET epoch = c.epoch + 1, holder = $1, lease_until = $3
FROM (
    SELECT x.tenant_id, x.programme_id, x.boundary, x.number
    FROM expiry.chunk x JOIN expiry.sweep s USING (tenant_id, programme_id, boundary)
    WHERE s.state = 'running' AND NOT x.finished AND (x.lease_until IS NULL OR x.lease_until < $2)
    ORDER BY x.boundary, x.number
    LIMIT 1
    FOR NO KEY UPDATE OF x SKIP LOCKED
) AS f
WHERE c.tenant_id = f.tenant_id AND c.programme_id = f.programme_id AND c.boundary = f.boundary AND c.number = f.number
RETURNING c.tenant_id, c.programme_id, c.boundary, c.number, c.after, c.last, c.epoch, c.members, c.left_alone, c.done;

-- name: sweep
SELECT s.*, t.slug AS tenant, p.slug AS programme
FROM expiry.sweep s
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.boundary = $3;

-- name: due
SELECT m.member_id, m.keeps IS NOT NULL AS kept FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $4 AND m.member_id <= $5 AND m.lapses_at <= $3
ORDER BY m.member_id;

-- name: hold
-- The chunk is still ours, and its sweep still runs. The step need not wait for the disk with its locks: should the database
-- lose its last moments, it loses steps whole, chunk and all, and they are taken again; the relay publishes none before. The step must end soon, though
-- its worker be frozen; a limit that counts already is changed only by lifting it first.
SELECT set_config('synchronous_commit', 'off', true),
       set_config('transaction_timeout', '0', true), set_config('transaction_timeout', '30s', true)
FROM expiry.chunk c JOIN expiry.sweep s USING (tenant_id, programme_id, boundary)
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.boundary = $3 AND c.number = $4 AND c.epoch = $5
  AND NOT c.finished AND s.state = 'running'
FOR NO KEY UPDATE OF c;

-- name: lapse
SELECT * FROM expiry.lapse($1, $2, $3, $4, $5, $6);

-- name: move_on
UPDATE expiry.chunk SET after = $5, lease_until = $6, finished = $7, members = $8, left_alone = $9, done = $10::jsonb
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3 AND number = $4;

-- name: let_go
UPDATE expiry.chunk SET lease_until = NULL
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3 AND number = $4 AND epoch = $5;

-- name: finish_chunk
UPDATE expiry.chunk SET finished = true
WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3 AND number = $4 AND epoch = $5;

-- name: done
SELECT c.done FROM expiry.chunk c WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.boundary = $3;
