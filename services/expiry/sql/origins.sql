-- Where lots came from and what they come to, of tenant $1 and programme $2.

-- name: patience
-- With a reader who reads decisions between two statements: nobody waits for what is locked.
SELECT set_config('idle_in_transaction_session_timeout', '120s', true);

-- name: fresh
SELECT l.member_id, l.seq, l.wallet, l.cause, i.page
FROM ledger.lot l
LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = ANY ($3::uuid[]) AND l.remaining > 0
  AND array_position(o.lots, l.seq) IS NULL;

-- name: apart
-- Of some members ($3) those of whom it is told one by one: who owe and wait for points, or whom something may spare.
SELECT m.member_id, m.seq, m.keeps::text AS keeps
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[])
  AND (m.owing AND m.activates_at IS NOT NULL OR m.keeps IS NOT NULL)
ORDER BY m.member_id;

-- name: keep_places
INSERT INTO expiry.origin_place (tenant_id, programme_id, place, partner, store)
SELECT $1, $2, v.place, v.partner, v.store
FROM unnest($3::bigint[], $4::text[], $5::text[]) AS v(place, partner, store)
ON CONFLICT DO NOTHING;

-- name: keep_mix
INSERT INTO expiry.origin_mix (tenant_id, programme_id, mix, campaigns, weights) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: hashes
-- Up to the end of the transaction rows are not compared each with each: how many come of a join of arrays nobody can foresee.
SELECT set_config('enable_nestloop', 'off', true);

-- name: keep
-- Members ($3) as they are in this snapshot: what they had in the sums is taken off, and what they have is added. Months begin
-- at $4, and $5 are their first days; $6 to $9 are fresh lots with where they came from, $10 to $16 what becomes of the lots of
-- those who are told one by one, up to $17 at most. What was earned ahead of $18, by a clock that goes before, is in force later
-- and waits for nobody: such a member is taken anew each time.
WITH before AS MATERIALIZED (
    SELECT o.member_id, f.upto IS NOT NULL AS counted, f.tier, k.*
    FROM expiry.origin o
    LEFT JOIN expiry.followed f
        ON f.tenant_id = $1 AND f.programme_id = $2 AND f.member_id = ANY ($3::uuid[]) AND f.member_id = o.member_id
    CROSS JOIN LATERAL unnest(o.lots, o.places, o.mixes, o.wallets, o.lapses, o.months, o.free, o.held, o.spared, o.repays)
        AS k(lot, place, mix, wallet, lapses_at, month, free, held, spared, repays)
    WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.member_id = ANY ($3::uuid[])
), traced AS (
    SELECT DISTINCT b.member_id, b.lot, b.place, b.mix FROM before b
    UNION ALL
    SELECT n.member_id, n.lot, n.place, n.mix
    FROM unnest($6::uuid[], $7::bigint[], $8::bigint[], $9::bigint[]) AS n(member_id, lot, place, mix)
), heads AS MATERIALIZED (
    SELECT m.member_id, m.seq, m.tier, m.keeps,
           CASE WHEN m.owing AND m.activates_at IS NOT NULL OR m.keeps IS NOT NULL
                THEN least(m.lapses_at, m.activates_at, $17::timestamptz) END AS until
    FROM ledger.member m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[])
), present AS MATERIALIZED (
    SELECT h.member_id, h.tier, l.seq AS lot, t.place, t.mix, l.wallet,
           coalesce(CASE WHEN e.lot IS NULL THEN l.expires_at ELSE e.lapses_at END, 'infinity') AS lapses_at,
           coalesce(($5::date[])[width_bucket(l.earned_at, $4::timestamptz[])], '-infinity') AS month,
           coalesce(e.free, l.remaining - l.held) AS free, coalesce(e.held, l.held) AS held, coalesce(e.spared, 0) AS spared,
           coalesce(e.repays, 0) AS repays, l.active_from > $18 AND NOT l.pending AS early
    FROM heads h
    JOIN ledger.lot_now l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = ANY ($3::uuid[])
                         AND l.member_id = h.member_id AND l.remaining > 0
    JOIN traced t ON t.member_id = l.member_id AND t.lot = l.seq
    LEFT JOIN unnest($10::uuid[], $11::bigint[], $12::timestamptz[], $13::bigint[], $14::bigint[], $15::bigint[],
                     $16::bigint[]) AS e(member_id, lot, lapses_at, free, held, spared, repays) ON e.member_id = l.member_id AND e.lot = l.seq
), moved AS (
    SELECT -1 AS sign, b.lapses_at, b.wallet, b.tier, b.month, b.place, b.mix, b.free, b.held, b.spared,
           coalesce(b.repays, 0) AS repays
    FROM before b WHERE b.counted
    UNION ALL
    SELECT 1, p.lapses_at, p.wallet, p.tier, p.month, p.place, p.mix, p.free, p.held, p.spared, p.repays
    FROM present p
), sums AS (
    SELECT 'slice' AS split, lapses_at, wallet, coalesce(tier, '') AS tier, month, 0 AS number,
           sum(sign) FILTER (WHERE free > 0) AS lots, sum(sign * free) AS points, sum(sign * spared) AS spared,
           sum(sign * repays) AS repays, sum(sign * held) AS held
    FROM moved GROUP BY lapses_at, wallet, tier, month
    UNION ALL
    SELECT 'place', lapses_at, wallet, '', '-infinity', place, 0, sum(sign * free), 0, 0, 0
    FROM moved GROUP BY lapses_at, wallet, place
    UNION ALL
    SELECT 'mix', lapses_at, wallet, '', '-infinity', mix, 0, sum(sign * free), 0, 0, 0
    FROM moved GROUP BY lapses_at, wallet, mix
), added AS (
    INSERT INTO expiry.foreseen AS f (tenant_id, programme_id, split, lapses_at, wallet, tier, month, number, lots, points,
                                      spared, repays, held)
    SELECT $1, $2, s.split, s.lapses_at, s.wallet, s.tier, s.month, s.number, coalesce(s.lots, 0), s.points, s.spared, s.repays,
           s.held
    FROM sums s
    WHERE s.lots <> 0 OR s.points <> 0 OR s.spared <> 0 OR s.repays <> 0 OR s.held <> 0
    ON CONFLICT (tenant_id, programme_id, split, lapses_at, wallet, tier, month, number)
    DO UPDATE SET lots = f.lots + excluded.lots, points = f.points + excluded.points, spared = f.spared + excluded.spared,
                  repays = f.repays + excluded.repays, held = f.held + excluded.held
), followed AS (
    INSERT INTO expiry.followed (tenant_id, programme_id, member_id, upto, tier, keeps, until)
    SELECT $1, $2, h.member_id, h.seq, h.tier, h.keeps,
           CASE WHEN e.member_id IS NULL THEN h.until ELSE '-infinity' END
    FROM heads h LEFT JOIN (SELECT DISTINCT member_id FROM present WHERE early) AS e USING (member_id)
    ON CONFLICT (tenant_id, programme_id, member_id)
    DO UPDATE SET upto = excluded.upto, tier = excluded.tier, keeps = excluded.keeps, until = excluded.until
)
INSERT INTO expiry.origin (tenant_id, programme_id, member_id, upto, lots, places, mixes, wallets, lapses, months, free, held,
                           spared, repays)
SELECT $1, $2, h.member_id, h.seq, coalesce(k.lots, '{}'), coalesce(k.places, '{}'), coalesce(k.mixes, '{}'),
       coalesce(k.wallets, '{}'), coalesce(k.lapses, '{}'), coalesce(k.months, '{}'), coalesce(k.free, '{}'),
       coalesce(k.held, '{}'), coalesce(k.spared, '{}'), coalesce(k.repays, '{}')
FROM heads h
LEFT JOIN (
    SELECT p.member_id, array_agg(p.lot) AS lots, array_agg(p.place) AS places, array_agg(p.mix) AS mixes,
           array_agg(p.wallet) AS wallets, array_agg(p.lapses_at) AS lapses, array_agg(p.month) AS months,
           array_agg(p.free) AS free, array_agg(p.held) AS held, array_agg(p.spared) AS spared,
           array_agg(p.repays) AS repays
    FROM (SELECT * FROM present ORDER BY member_id, lot) AS p
    GROUP BY p.member_id
) AS k USING (member_id)
ON CONFLICT (tenant_id, programme_id, member_id)
DO UPDATE SET upto = excluded.upto, lots = excluded.lots, places = excluded.places, mixes = excluded.mixes,
              wallets = excluded.wallets, lapses = excluded.lapses, months = excluded.months, free = excluded.free,
              held = excluded.held, spared = excluded.spared, repays = excluded.repays;

-- name: forget_empty
DELETE FROM expiry.foreseen f
WHERE f.tenant_id = $1 AND f.programme_id = $2 AND f.lots = 0 AND f.points = 0 AND f.spared = 0 AND f.repays = 0 AND f.held = 0;
