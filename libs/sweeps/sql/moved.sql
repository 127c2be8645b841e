-- name: remember
-- Stores boundaries ahead of $3; answers with those that had another instant before.
WITH made AS (
    INSERT INTO expiry.boundary (tenant_id, programme_id, zone, local_date, instant, tzdata, found_at)
    SELECT $1, $2, v.zone, v.local_date, v.instant, v.tzdata, $3
    FROM unnest($4::text[], $5::date[], $6::timestamptz[], $7::text[]) AS v(zone, local_date, instant, tzdata)
    ON CONFLICT DO NOTHING
    RETURNING zone, local_date, instant
)
SELECT m.zone, m.local_date, b.instant AS was, m.instant AS now_at
FROM made m
JOIN expiry.boundary b ON b.tenant_id = $1 AND b.programme_id = $2 AND b.zone = m.zone AND b.local_date = m.local_date
                      AND b.instant <> m.instant
ORDER BY m.local_date, m.zone, b.found_at;

-- name: moved
-- Lots with something left whose date was a boundary ahead of $3 and is none by the boundaries given.
SELECT b.zone, b.local_date, b.instant AS was, b.tzdata AS was_by, v.instant AS now_at, v.tzdata AS now_by, l.wallet,
       count(DISTINCT l.member_id) AS members, count(*) AS lots, sum(l.remaining)::bigint AS points,
       array_agg(DISTINCT l.policy_version ORDER BY l.policy_version) AS versions
FROM unnest($4::text[], $5::date[], $6::timestamptz[], $7::text[]) AS v(zone, local_date, instant, tzdata)
JOIN expiry.boundary b ON b.tenant_id = $1 AND b.programme_id = $2 AND b.zone = v.zone AND b.local_date = v.local_date
                      AND b.instant <> v.instant AND b.instant > $3
JOIN ledger.lot_now l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.expires_at = b.instant AND l.remaining > 0
GROUP BY b.zone, b.local_date, b.instant, b.tzdata, v.instant, v.tzdata, l.wallet
ORDER BY b.local_date, b.zone, b.instant, l.wallet;
