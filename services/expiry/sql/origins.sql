-- Where lots came from, of tenant $1 and programme $2.

-- name: patience
-- With a reader who reads decisions between two statements: nobody waits for what is locked.
SELECT set_config('idle_in_transaction_session_timeout', '120s', true);

-- name: behind
-- Members behind $3 to whom something happened since it was kept; at most $4.
SELECT m.member_id, m.seq
FROM ledger.member m
LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $3 AND m.seq > coalesce(o.upto, 0)
ORDER BY m.member_id
LIMIT $4;

-- name: fresh
SELECT l.member_id, l.seq, l.wallet, l.cause, i.page
FROM ledger.lot l
LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = ANY ($3::uuid[]) AND l.remaining > 0
  AND array_position(o.lots, l.seq) IS NULL;

-- name: keep_places
INSERT INTO expiry.origin_place (tenant_id, programme_id, place, partner, store)
SELECT $1, $2, v.place, v.partner, v.store
FROM unnest($3::bigint[], $4::text[], $5::text[]) AS v(place, partner, store)
ON CONFLICT DO NOTHING;

-- name: keep_mix
INSERT INTO expiry.origin_mix (tenant_id, programme_id, mix, campaigns, weights) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: keep
-- Members ($3) up to movements ($4), with what was found of their lots ($5 to $8) beside what was kept and has something left.
WITH pieces AS (
    SELECT o.member_id, k.lot, k.place, k.mix
    FROM expiry.origin o
    CROSS JOIN LATERAL unnest(o.lots, o.places, o.mixes) AS k(lot, place, mix)
    JOIN ledger.lot l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = o.member_id AND l.seq = k.lot
    WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.member_id = ANY ($3::uuid[]) AND l.remaining > 0
    UNION ALL
    SELECT n.member_id, n.lot, n.place, n.mix
    FROM unnest($5::uuid[], $6::bigint[], $7::bigint[], $8::bigint[]) AS n(member_id, lot, place, mix)
)
INSERT INTO expiry.origin (tenant_id, programme_id, member_id, upto, lots, places, mixes)
SELECT $1, $2, v.member_id, v.upto,
       coalesce(array_agg(p.lot ORDER BY p.lot) FILTER (WHERE p.lot IS NOT NULL), '{}'),
       coalesce(array_agg(p.place ORDER BY p.lot) FILTER (WHERE p.lot IS NOT NULL), '{}'),
       coalesce(array_agg(p.mix ORDER BY p.lot) FILTER (WHERE p.lot IS NOT NULL), '{}')
FROM unnest($3::uuid[], $4::bigint[]) AS v(member_id, upto)
LEFT JOIN pieces p USING (member_id)
GROUP BY v.member_id, v.upto
ON CONFLICT (tenant_id, programme_id, member_id)
DO UPDATE SET upto = excluded.upto, lots = excluded.lots, places = excluded.places, mixes = excluded.mixes;
