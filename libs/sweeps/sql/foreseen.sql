-- What the expiry service has added up of tenant $1 and programme $2, and what happened since.

-- name: behind
-- Members of whom that is out of date at $3; at most $4. What nobody ever gave or took from needs no row.
SELECT b.member_id
FROM (
    SELECT m.member_id
    FROM ledger.member m
    LEFT JOIN expiry.followed f USING (tenant_id, programme_id, member_id)
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.seq > 0
      AND (f.upto IS DISTINCT FROM m.seq OR f.tier IS DISTINCT FROM m.tier OR f.keeps IS DISTINCT FROM m.keeps OR f.until <= $3)
    OFFSET bigint '0' -- hides the limit: there are few, and all heads are read side by side before they are found
) AS b
ORDER BY b.member_id
LIMIT $4;

-- name: sums
-- $3: whether where points came from is wanted too.
SELECT s.split, nullif(s.lapses_at, 'infinity') AS lapses_at, s.wallet, nullif(s.tier, '') AS tier,
       nullif(s.month, '-infinity') AS month, s.number, s.lots, s.points, s.spared, s.repays, s.held
FROM expiry.foreseen s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND ($3 OR s.split = 'slice');

-- name: counted
-- What some members ($3) have in those sums.
SELECT nullif(k.lapses_at, 'infinity') AS lapses_at, k.wallet, f.tier, nullif(k.month, '-infinity') AS month, k.place, k.mix,
       count(*) FILTER (WHERE k.free > 0) AS lots, sum(k.free)::bigint AS points, sum(k.spared)::bigint AS spared,
       coalesce(sum(k.repays), 0)::bigint AS repays, sum(k.held)::bigint AS held
FROM expiry.followed f
JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
CROSS JOIN LATERAL unnest(o.wallets, o.lapses, o.months, o.places, o.mixes, o.free, o.spared, o.repays, o.held)
    AS k(wallet, lapses_at, month, place, mix, free, spared, repays, held)
WHERE f.tenant_id = $1 AND f.programme_id = $2 AND f.member_id = ANY ($3::uuid[])
GROUP BY k.lapses_at, k.wallet, f.tier, k.month, k.place, k.mix;

-- name: plain
-- What they have now, as far as that is plain; no place where it is not kept yet where a lot came from. Months begin at $4, and
-- $5 are their first days; what is not active yet at $6 is among the points.
SELECT l.expires_at AS lapses_at, l.wallet, m.tier, ($5::date[])[width_bucket(l.earned_at, $4::timestamptz[])] AS month,
       o.places[p.at] AS place, o.mixes[p.at] AS mix, count(*) FILTER (WHERE l.remaining > l.held) AS lots,
       sum(l.remaining - l.held)::bigint AS points, 0::bigint AS spared, 0::bigint AS repays, sum(l.held)::bigint AS held,
       coalesce(sum(l.remaining - l.held) FILTER (WHERE l.active_from > $6), 0)::bigint AS pending
FROM ledger.member m
JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
CROSS JOIN LATERAL array_position(o.lots, l.seq) AS p(at)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]) AND l.remaining > 0
  AND (NOT m.owing OR m.activates_at IS NULL) AND m.keeps IS NULL
GROUP BY l.expires_at, l.wallet, m.tier, month, place, mix;

-- name: untraced
-- Their lots with something free of which it is not kept where they came from, with the page that says what earned them.
SELECT i.page, l.cause, l.expires_at AS lapses_at, l.wallet, l.remaining - l.held AS points
FROM ledger.member m
JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]) AND l.remaining > l.held
  AND (NOT m.owing OR m.activates_at IS NULL) AND m.keeps IS NULL AND array_position(o.lots, l.seq) IS NULL;

-- name: pending
-- What is not active yet at $3, of all members but some ($4).
SELECT l.wallet, sum(l.remaining - l.held)::bigint AS points
FROM ledger.member m
JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.activates_at IS NOT NULL
  AND m.member_id <> ALL ($4::uuid[]) AND l.active_from > $3 AND l.remaining > l.held
GROUP BY l.wallet;

-- name: apart
-- Of some members ($3) those who owe and wait for points, or whom something may spare: they are told one by one.
SELECT m.member_id, m.seq, m.tier, m.keeps::text AS keeps
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[])
  AND (m.owing AND m.activates_at IS NOT NULL OR m.keeps IS NOT NULL)
ORDER BY m.member_id;

-- name: forget_sums
DELETE FROM expiry.foreseen;

-- name: forget_members
DELETE FROM expiry.followed;

-- name: forget_lots
DELETE FROM expiry.origin;
