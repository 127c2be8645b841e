-- name: used
-- The counters of members whose heads are locked, with what was counted of members merged into them.
SELECT v.tenant_id, v.programme_id, v.member_id, u.counter, sum(u.used)::bigint AS used
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
CROSS JOIN LATERAL (
    SELECT v.member_id AS whose
    UNION ALL
    SELECT g.member_id FROM members.merge g
    WHERE g.tenant_id = v.tenant_id AND g.programme_id = v.programme_id AND g.leads_to = v.member_id AND g.undone_at IS NULL
) AS w
JOIN redemption.trade_use u ON u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.member_id = w.whose
GROUP BY v.tenant_id, v.programme_id, v.member_id, u.counter;

-- name: save
-- A trade is done once and stays as it is.
INSERT INTO redemption.trade (tenant_id, programme_id, member_id, redemption_id, kind, wallet, points, other, rate_points,
                              rate_other, programme_version, currency, party, pool, payment, opens, traded_at,
                              due_at)
SELECT v.* FROM unnest($1::int[], $2::int[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
                       $9::bigint[], $10::bigint[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[],
                       $16::bigint[], $17::timestamptz[], $18::timestamptz[]) AS v
ON CONFLICT (tenant_id, programme_id, member_id, redemption_id) DO NOTHING;

-- name: count
INSERT INTO redemption.trade_use AS u (tenant_id, programme_id, member_id, counter, used)
SELECT v.* FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::bigint[]) AS v
ON CONFLICT (tenant_id, programme_id, member_id, counter) DO UPDATE SET used = u.used + excluded.used;
