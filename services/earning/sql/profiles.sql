-- name: open_batch
-- The second step of a batch of which some programmes ($14, $15) ask what is known of members: with it, what is.
SELECT o.*, k.*
FROM earning.open_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS o
CROSS JOIN LATERAL earning.known_of(o.head_tenants, o.head_programmes, o.head_members, $14, $15) AS k;

-- name: tell_profiles
SELECT earning.tell_profiles($1, $2, $3, $4, $5, $6::jsonb[]);

-- name: past
SELECT p.tenant_id, p.programme_id, p.member_id, p.revision, p.birthday, p.attributes::text AS attributes
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::int[]) AS v(tenant_id, programme_id, member_id, revision)
JOIN vault.profile p USING (tenant_id, programme_id, member_id, revision);
