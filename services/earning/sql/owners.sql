-- name: lock_owners
-- A row that had to be waited for comes back as its holder left it.
SELECT i.tenant_id, i.programme_id, i.identifier, i.member_id
FROM unnest($1::int[], $2::int[], $3::text[]) AS v(tenant_id, programme_id, identifier)
JOIN members.identifier i USING (tenant_id, programme_id, identifier)
ORDER BY i.tenant_id, i.programme_id, i.identifier
FOR NO KEY UPDATE OF i;
