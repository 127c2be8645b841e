-- name: tell_profiles
SELECT earning.tell_profiles($1, $2, $3, $4, $5, $6::jsonb[]);

-- name: past
SELECT p.tenant_id, p.programme_id, p.member_id, p.revision, p.birthday, p.attributes::text AS attributes
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::int[]) AS v(tenant_id, programme_id, member_id, revision)
JOIN vault.profile p USING (tenant_id, programme_id, member_id, revision);
