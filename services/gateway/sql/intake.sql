-- name: set_tenant
-- For the rest of the transaction only: row-level security shows this tenant's rows and no others.
SELECT set_config('pointstream.tenant', $1::int::text, true);

-- name: take_key
-- Takes the key if it is new, if its answer is older than $8, or if a run of the same request was given up before $7.
INSERT INTO gateway.idempotency AS i
    (tenant_id, credential, operation, key_digest, fingerprint, attempt, started_at)
VALUES ($1, $2, $3, $4, $5, 1, $6)
ON CONFLICT (tenant_id, credential, operation, key_digest) DO UPDATE
SET fingerprint = excluded.fingerprint, attempt = i.attempt + 1, started_at = excluded.started_at,
    status = NULL, location = NULL, body = NULL
WHERE (i.status IS NULL AND i.started_at <= $7 AND i.fingerprint = excluded.fingerprint) OR i.started_at <= $8
RETURNING i.attempt;

-- name: read_key
-- A later statement than `take_key`, so that it sees what the transaction that was waited for has left.
SELECT fingerprint, status, location, body
FROM gateway.idempotency
WHERE tenant_id = $1 AND credential = $2 AND operation = $3 AND key_digest = $4;

-- name: answer_key
UPDATE gateway.idempotency SET status = $6, location = $7, body = $8
WHERE tenant_id = $1 AND credential = $2 AND operation = $3 AND key_digest = $4 AND attempt = $5;

-- name: release_key
DELETE FROM gateway.idempotency
WHERE tenant_id = $1 AND credential = $2 AND operation = $3 AND key_digest = $4 AND attempt = $5 AND status IS NULL;

-- name: tenants
-- Every tenant that may have sent a request: keys are the one thing here that is seen without a tenant.
SELECT DISTINCT tenant_id FROM gateway.api_key ORDER BY tenant_id;

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

-- name: registered
-- Those of the sources that lie at or below a registered one. No other tenant's can lie in between.
SELECT asked.source
FROM unnest($2::text[]) AS asked(source)
WHERE EXISTS (
    SELECT FROM platform.source s
    WHERE s.tenant_id = $1
      AND (asked.source = s.source_prefix OR starts_with(asked.source, s.source_prefix || '/'))
);

-- name: known
-- Events that were taken already, each with the digest of its body.
SELECT event_key, body_hash FROM earning.inbox WHERE tenant_id = $1 AND event_key = ANY ($2::uuid[]);

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
