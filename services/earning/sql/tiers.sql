-- name: places
-- Where members stand; one row without a set for who stands nowhere yet.
SELECT m.tenant_id, m.programme_id, m.member_id, m.enrolled_at, s.tier_set, s.level, s.since, s.until, s.seen_on, s.given,
       s.due_at, s.warned, s.changes
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN members.member m USING (tenant_id, programme_id, member_id)
LEFT JOIN members.tier_standing s USING (tenant_id, programme_id, member_id);

-- name: save_tiers
SELECT earning.save_tiers($1, $2::jsonb, $3::jsonb, $4::jsonb);
