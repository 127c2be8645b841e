-- name: codes_of_member
-- What was assigned to a member, the last first.
SELECT p.programme_id, g.slug AS programme, p.name AS pool, p.kind, c.code_id, c.state, c.uses, c.sealed, c.member_id,
       c.expires_at, c.created_at, c.assigned_at, c.published_at, c.redeemed_at, c.voided_at
FROM redemption.code c
JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
JOIN platform.programme g ON g.tenant_id = p.tenant_id AND g.programme_id = p.programme_id
WHERE c.tenant_id = $1 AND c.member_id = $3 AND p.programme_id = $2 AND ($4::text[] IS NULL OR c.state = ANY ($4))
ORDER BY c.assigned_at DESC, c.code_id LIMIT 200;

-- name: sealed_card
SELECT sealed FROM redemption.gift_card WHERE tenant_id = $1 AND card_id = $2;
