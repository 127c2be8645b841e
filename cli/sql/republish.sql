-- name: count
SELECT count(*)
FROM ledger.member m
JOIN platform.tenant t USING (tenant_id)
WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::uuid IS NULL OR m.member_id = $2);

-- name: next
-- The next members behind ($3, $4, $5), by the primary key.
SELECT m.tenant_id, m.programme_id, m.member_id, m.seq
FROM ledger.member m
WHERE (m.tenant_id, m.programme_id, m.member_id) > ($3::int, $4::int, $5::uuid)
  AND ($1::text IS NULL OR m.tenant_id = (SELECT t.tenant_id FROM platform.tenant t WHERE t.slug = $1))
  AND ($2::uuid IS NULL OR m.member_id = $2)
ORDER BY m.tenant_id, m.programme_id, m.member_id
LIMIT $6;

-- name: seqs
SELECT m.tenant_id, m.programme_id, m.member_id, m.seq
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.member m USING (tenant_id, programme_id, member_id);
