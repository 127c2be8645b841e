-- name: lots_due
-- So many lots for each member ($1), all of which lapse at $2, and one that lapses a year later.
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT m.tenant_id, m.programme_id, m.member_id, n, 'points', 40 + n, 40 + n, $2::timestamptz - n * interval '7 days',
       $2::timestamptz - n * interval '7 days',
       CASE WHEN n > $1::int THEN $2::timestamptz + interval '1 year' ELSE $2 END, $2::timestamptz - n * interval '7 days', 1,
       gen_random_uuid()
FROM ledger.member m, generate_series(1, $1::int + 1) AS n;

-- name: heads_due
UPDATE ledger.member SET seq = $1::int + 1, lapses_at = $2;

-- name: vacuum
VACUUM (ANALYZE) ledger.lot, ledger.member;

-- name: ask
UPDATE expiry.sweep SET asked = $1, asked_by = 'benchmark' WHERE boundary = $2 AND state = 'announced';

-- name: states
SELECT state, count(*) FROM expiry.sweep WHERE boundary = $1 GROUP BY state;

-- name: lapsed
SELECT count(*) FROM ledger.allocation;

-- name: some_members
SELECT member_id FROM ledger.member WHERE tenant_id = $1 ORDER BY member_id LIMIT $2;

-- name: plain
-- What a sweep writes and nothing else, for one tenant in one statement: remainders, movements, allocations and heads. Nobody
-- is told, nobody else can write meanwhile, and nothing is left to go on from.
WITH lapsed AS (
    UPDATE ledger.lot l SET remaining = l.held
    FROM ledger.member m
    WHERE m.tenant_id = $1 AND m.lapses_at <= $2
      AND l.tenant_id = m.tenant_id AND l.programme_id = m.programme_id AND l.member_id = m.member_id
      AND l.remaining > l.held AND coalesce(l.now_expires_at, l.expires_at) <= $2
    RETURNING l.programme_id, l.member_id, l.seq AS lot, l.wallet, old.remaining - old.held AS free
), moved AS (
    INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                                 effective_at, recorded_at, cause)
    SELECT $1, m.programme_id, m.member_id, m.seq + 1, 'points', 'expire', 'active', 'expired', s.points, $2, $2, $3
    FROM ledger.member m
    JOIN (SELECT programme_id, member_id, sum(free) AS points FROM lapsed GROUP BY 1, 2) AS s USING (programme_id, member_id)
    WHERE m.tenant_id = $1
), allocated AS (
    INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
    SELECT $1, m.programme_id, m.member_id, m.seq + 1, a.lot, a.free
    FROM lapsed a JOIN ledger.member m USING (programme_id, member_id)
    WHERE m.tenant_id = $1
)
UPDATE ledger.member m SET seq = m.seq + 1, lapses_at = $2::timestamptz + interval '1 year'
WHERE m.tenant_id = $1 AND m.lapses_at <= $2;

-- name: untold
SELECT coalesce(sum(next_seq - 1 - published_seq), 0)::bigint FROM stream.outbox_shard WHERE starts_with(shard, 'expiry/');

-- name: followed
-- Of how many programmes the sums that forecasts begin with are there, as of the end of the last sweep.
SELECT count(*) FROM expiry.latest_forecast f
WHERE f.as_of >= coalesce((SELECT max(s.ended_at) FROM expiry.sweep s WHERE s.boundary = $1), '-infinity');

-- name: plain_foreseeing
SELECT l.expires_at, count(*), sum(l.remaining - l.held) FROM ledger.lot l
WHERE l.tenant_id = $1 AND l.remaining > l.held
GROUP BY l.expires_at;

-- name: make_told
CREATE TEMPORARY TABLE told (member_id uuid, spread int, tier text, lots bigint, points bigint);

-- name: plain_reminding
-- What reminding a tenant's members ($1) of a boundary ($2) comes to without telling anybody: a row each, with what is lost.
INSERT INTO told (member_id, spread, tier, lots, points)
SELECT m.member_id, m.spread, m.tier, count(*) AS lots, sum(l.remaining - l.held)::bigint AS points
FROM ledger.member m
JOIN ledger.lot l USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.lapses_at <= $2 AND l.remaining > l.held AND coalesce(l.now_expires_at, l.expires_at) <= $2
GROUP BY m.member_id, m.spread, m.tier;

-- name: reminding_over
SELECT count(*) FROM expiry.reminder WHERE state = 'finished';

-- name: reminded
SELECT sum((one ->> 'members')::bigint)::bigint FROM expiry.reminder_chunk c, jsonb_array_elements(c.told) AS one;
