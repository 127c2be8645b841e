-- name: used
-- The counters of members whose heads are locked.
SELECT u.tenant_id, u.programme_id, u.member_id, u.counter, u.used
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN redemption.trade_use u USING (tenant_id, programme_id, member_id);

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
