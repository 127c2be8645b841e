-- name: make_pool
INSERT INTO redemption.code_pool (tenant_id, programme_id, name, kind, pattern, rules, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $7)
ON CONFLICT (tenant_id, programme_id, name) DO NOTHING
RETURNING pool_id;

-- name: change_pool
UPDATE redemption.code_pool
SET rules = coalesce($4::jsonb, rules), paused = coalesce($5, paused), revision = revision + 1, changed_at = $6
WHERE tenant_id = $1 AND programme_id = $2 AND name = $3
RETURNING revision;

-- name: stop_pool
UPDATE redemption.code_pool SET paused = $4, revision = revision + 1, changed_at = $5
WHERE tenant_id = $1 AND programme_id = $2 AND name = $3
RETURNING revision;

-- name: pool
SELECT pool_id, name, kind, pattern::text AS pattern, rules::text AS rules, revision, paused, codes, exhausted_at, created_at,
       changed_at
FROM redemption.code_pool WHERE tenant_id = $1 AND programme_id = $2 AND name = $3;

-- name: pools
-- The pools of a programme, by name, and how many of their codes are in each state but the first.
SELECT p.pool_id, p.name, p.kind, p.pattern::text AS pattern, p.rules::text AS rules, p.revision, p.paused, p.codes,
       p.exhausted_at, p.created_at, p.changed_at, s.states, s.many
FROM redemption.code_pool p
CROSS JOIN LATERAL (
    SELECT array_agg(c.state ORDER BY c.state) AS states, array_agg(c.many ORDER BY c.state) AS many
    FROM (SELECT c.state, count(*) AS many FROM redemption.code c
          WHERE c.tenant_id = p.tenant_id AND c.pool_id = p.pool_id AND c.state <> 'created' GROUP BY c.state) AS c
) AS s
WHERE p.tenant_id = $1 AND ($2::int IS NULL OR p.programme_id = $2) AND ($3::text IS NULL OR p.name = $3)
ORDER BY p.name;

-- name: add
SELECT code_id FROM redemption.add_codes($1, $2, $3, $4, $5);

-- name: take
SELECT issue, code_id, sealed, expires_at FROM redemption.take_codes($1, $2, $3, $4, $5, $6);

-- name: available
-- Whether a pool has a code left.
SELECT p.name, NOT p.paused AND EXISTS (
    SELECT FROM redemption.code c WHERE c.tenant_id = p.tenant_id AND c.pool_id = p.pool_id AND c.state = 'created'
) AS available
FROM redemption.code_pool p
WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.name = ANY ($3);

-- name: codes_of_pool
-- Codes of a pool in the order of their numbers, behind one of them.
SELECT number, code_id, sealed, state, uses, member_id, expires_at
FROM redemption.code WHERE tenant_id = $1 AND pool_id = $2 AND number > $3 AND ($4::text IS NULL OR state = $4)
ORDER BY number LIMIT $5;

-- name: code
-- A code with its pool.
SELECT p.programme_id, g.slug AS programme, p.name AS pool, p.kind, p.pattern::text AS pattern, p.rules::text AS rules,
       p.paused, c.code_id, c.pool_id, c.number, c.state, c.uses, c.sealed, c.member_id, c.issue, c.expires_at, c.created_at,
       c.assigned_at, c.published_at, c.redeemed_at, c.voided_at
FROM redemption.code c
JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
JOIN platform.programme g ON g.tenant_id = p.tenant_id AND g.programme_id = p.programme_id
WHERE c.tenant_id = $1 AND c.code_id = $2;

-- name: uses_of_code
-- What became of a code, the last first.
SELECT use_id, member_id, reference, store, currency, total_minor, discount_minor, used_at, returned_at
FROM redemption.code_use WHERE tenant_id = $1 AND code_id = $2 ORDER BY used_at DESC, use_id LIMIT 100;

-- name: sealed
SELECT code_id, sealed FROM redemption.code WHERE tenant_id = $1 AND code_id = ANY ($2::uuid[]);
