-- name: heads
SELECT m.tenant_id, m.programme_id, m.member_id, m.tier, m.merged
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.member m USING (tenant_id, programme_id, member_id);

-- name: dropping
SELECT v.delivery_id
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::uuid[])
    AS v(tenant_id, programme_id, member_id, tier_set, level, until, delivery_id)
JOIN members.tier_standing s USING (tenant_id, programme_id, member_id, tier_set)
WHERE s.level = v.level AND s.until <= v.until;
