-- name: choices
-- A member's choices, the youngest first, each with the order that it became; with $4 that one alone.
SELECT c.choice_id, c.name, c.title, c.rewards, c.granted_at, c.until, c.campaign, c.cause, c.revoked_at,
       o.reference AS chosen, o.order_id
FROM redemption.choice c
LEFT JOIN redemption.reward_order o USING (tenant_id, programme_id, member_id, order_id)
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = $3 AND ($4::uuid IS NULL OR c.choice_id = $4)
ORDER BY c.granted_at DESC, c.choice_id DESC
LIMIT 200;
