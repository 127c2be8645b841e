-- What spares members, as their heads have it: NULL for nearly all.

-- name: lock
-- In the order in which every writer locks heads; whoever holds them already waits for nobody.
SELECT h.tenant_id, h.programme_id, h.member_id, h.keeps::text AS keeps
FROM ledger.member h
JOIN unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
  ON h.tenant_id = v.tenant_id AND h.programme_id = v.programme_id AND h.member_id = v.member_id
ORDER BY h.tenant_id, h.programme_id, h.member_id
FOR NO KEY UPDATE OF h;

-- name: write
UPDATE ledger.member h SET keeps = v.keeps::jsonb
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[]) AS v(tenant_id, programme_id, member_id, keeps)
WHERE h.tenant_id = v.tenant_id AND h.programme_id = v.programme_id AND h.member_id = v.member_id;
