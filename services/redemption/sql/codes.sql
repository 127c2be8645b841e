-- name: set_tenant
SELECT set_config('pointstream.tenant', $1::int::text, true);

-- name: lock_code
-- A code with its pool, locked; the columns are those after the lock.
SELECT p.programme_id, g.slug AS programme, t.slug AS tenant, p.name AS pool, p.kind, p.rules::text AS rules, p.paused,
       c.code_id, c.pool_id, c.state, c.uses, c.sealed, c.member_id, c.expires_at, c.created_at, c.assigned_at, c.published_at,
       c.redeemed_at, c.voided_at
FROM redemption.code c
JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
JOIN platform.programme g ON g.tenant_id = p.tenant_id AND g.programme_id = p.programme_id
JOIN platform.tenant t ON t.tenant_id = p.tenant_id
WHERE c.tenant_id = $1 AND c.code_id = $2
FOR NO KEY UPDATE OF c;

-- name: look_at_code
-- The same, without a lock.
SELECT p.programme_id, g.slug AS programme, t.slug AS tenant, p.name AS pool, p.kind, p.rules::text AS rules, p.paused,
       c.code_id, c.pool_id, c.state, c.uses, c.sealed, c.member_id, c.expires_at, c.created_at, c.assigned_at, c.published_at,
       c.redeemed_at, c.voided_at
FROM redemption.code c
JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
JOIN platform.programme g ON g.tenant_id = p.tenant_id AND g.programme_id = p.programme_id
JOIN platform.tenant t ON t.tenant_id = p.tenant_id
WHERE c.tenant_id = $1 AND c.code_id = $2;

-- name: asker
-- The tier of a member, and how many redemptions of codes of a pool stand that are theirs, or of members merged into them.
SELECT m.tier, (
    SELECT count(*) FROM redemption.code_use u
    WHERE u.tenant_id = $1 AND u.pool_id = $4 AND u.returned_at IS NULL AND u.member_id = ANY ($3::uuid || ARRAY(
        SELECT g.member_id FROM members.merge g
        WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.leads_to = $3 AND g.undone_at IS NULL
    ))
) AS used
FROM ledger.member m WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3;

-- name: use_code
UPDATE redemption.code SET state = $3, uses = uses + $4, redeemed_at = coalesce($5, redeemed_at)
WHERE tenant_id = $1 AND code_id = $2;

-- name: keep_use
INSERT INTO redemption.code_use (tenant_id, use_id, code_id, pool_id, member_id, reference, store, currency, total_minor,
                                 discount_minor, used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: use
SELECT use_id, code_id, member_id, reference, store, currency, total_minor, discount_minor, used_at, returned_at
FROM redemption.code_use WHERE tenant_id = $1 AND use_id = $2;

-- name: return_use
UPDATE redemption.code_use SET returned_at = $3 WHERE tenant_id = $1 AND use_id = $2;

-- name: mark_code
UPDATE redemption.code
SET state = $3, published_at = coalesce(published_at, $4), voided_at = coalesce(voided_at, $5)
WHERE tenant_id = $1 AND code_id = $2;

-- name: programme_of
SELECT g.slug AS programme, t.slug AS tenant
FROM platform.programme g JOIN platform.tenant t USING (tenant_id) WHERE g.tenant_id = $1 AND g.programme_id = $2;

-- name: shapes
-- What the codes of a tenant look like, where they were generated.
SELECT pattern::text AS pattern FROM redemption.code_pool WHERE tenant_id = $1 AND pattern IS NOT NULL;

-- name: misses
-- How often each of these tried what is no code since an instant, and the first minute of it.
SELECT who, sum(misses)::int AS misses, min(minute) AS since
FROM redemption.code_miss WHERE tenant_id = $1 AND who = ANY ($2) AND minute > $3 GROUP BY who;

-- name: count_miss
SELECT redemption.count_miss($1, $2, $3, $4);

-- name: forget_misses
DELETE FROM redemption.code_miss WHERE minute < $1;

-- name: exhausted
-- How many pools have no code left.
SELECT count(*) FROM redemption.code_pool WHERE exhausted_at IS NOT NULL AND NOT paused;

-- name: mark_exhausted
UPDATE redemption.code_pool p SET exhausted_at = $4
WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.name = $3 AND p.exhausted_at IS NULL AND NOT EXISTS (
    SELECT FROM redemption.code c WHERE c.tenant_id = p.tenant_id AND c.pool_id = p.pool_id AND c.state = 'created'
);
