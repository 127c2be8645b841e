-- name: begin_request
SELECT * FROM gateway.begin_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: keep_answer
SELECT gateway.keep_answer($1, $2, $3, $4, $5, $6::smallint, $7, $8);

-- name: release_key
DELETE FROM gateway.idempotency
WHERE tenant_id = $1 AND credential = $2 AND operation = $3 AND key_digest = $4 AND attempt = $5 AND status IS NULL;

-- name: forget_old
WITH old AS (
    SELECT credential, operation, key_digest
    FROM gateway.idempotency
    WHERE tenant_id = $1 AND started_at <= $2
    ORDER BY started_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
DELETE FROM gateway.idempotency i
USING old
WHERE i.tenant_id = $1 AND i.credential = old.credential AND i.operation = old.operation
  AND i.key_digest = old.key_digest;

-- name: programmes_of_member
SELECT t.slug AS tenant, p.slug AS programme
FROM platform.tenant t
JOIN platform.programme p USING (tenant_id)
JOIN members.member m USING (tenant_id, programme_id)
WHERE t.tenant_id = $1 AND m.member_id = $2 AND ($3::text IS NULL OR p.slug = $3)
ORDER BY p.programme_id
LIMIT 2;

-- name: programmes
SELECT t.slug AS tenant, p.slug AS programme
FROM platform.tenant t
JOIN platform.programme p USING (tenant_id)
WHERE t.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2)
ORDER BY p.programme_id
LIMIT 2;
