-- name: keep
INSERT INTO redemption.choice (tenant_id, programme_id, member_id, choice_id, name, title, rewards, granted_at, until, order_id,
                               campaign, cause)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (tenant_id, programme_id, member_id, choice_id) DO NOTHING;

-- name: revoke
-- The youngest choices of a campaign that were not taken back yet, once for an event.
UPDATE redemption.choice c SET revoked_at = $7, revoked_by = $8
FROM (
    SELECT y.tenant_id, y.programme_id, y.member_id, y.choice_id FROM redemption.choice y
    WHERE y.tenant_id = $1 AND y.programme_id = $2 AND y.member_id = $3 AND y.name = $4 AND y.campaign = $5
      AND y.revoked_at IS NULL
    ORDER BY y.granted_at DESC, y.choice_id DESC LIMIT $6
) AS v
WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id AND c.choice_id = v.choice_id
  AND NOT EXISTS (
    SELECT FROM redemption.choice x
    WHERE x.tenant_id = $1 AND x.programme_id = $2 AND x.member_id = $3 AND x.revoked_by = $8
);

-- name: revoked
SELECT order_id FROM redemption.choice
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND revoked_by = $4
ORDER BY order_id;

-- name: open_choice
-- Whether the choice that is to become an order was not taken back; nobody takes it back until this transaction has ended.
SELECT revoked_at IS NULL FROM redemption.choice
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND order_id = $4
FOR SHARE;
