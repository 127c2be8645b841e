-- name: save_orders
SELECT redemption.save_orders($1::jsonb, $2::jsonb, $3::jsonb, $4::jsonb);

-- name: tenants_with_wishes
SELECT DISTINCT w.tenant_id FROM redemption.wish w WHERE w.told_at IS NULL ORDER BY w.tenant_id;

-- name: wishers
-- Members whose ledgers have moved since their wishes were looked at.
SELECT w.programme_id, w.member_id, m.seq, m.spread, array_agg(w.reference ORDER BY w.reference) AS wanted
FROM redemption.wish w JOIN ledger.member m USING (tenant_id, programme_id, member_id)
WHERE w.tenant_id = $1 AND w.told_at IS NULL AND w.seen < m.seq
GROUP BY w.programme_id, w.member_id, m.seq, m.spread LIMIT $2;

-- name: tell_wishes
UPDATE redemption.wish w SET told_at = $5
WHERE w.tenant_id = $1 AND w.programme_id = $2 AND w.member_id = $3 AND w.reference = ANY ($4::text[])
  AND w.told_at IS NULL
RETURNING w.reference;

-- name: see_wishes
UPDATE redemption.wish w SET seen = $5
WHERE w.tenant_id = $1 AND w.programme_id = $2 AND w.member_id = $3 AND w.reference = ANY ($4::text[]);

-- name: granted_orders
-- What a campaign gave a member of a reward, and members merged into them, the last first.
SELECT o.order_id, o.quantity - o.cancelled AS kept FROM redemption.reward_order o
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.reference = $4 AND o.campaign = $5
  AND o.state NOT IN ('cancelled', 'returned', 'failed') AND o.quantity > o.cancelled AND o.member_id = ANY ($3::uuid || ARRAY(
    SELECT m.member_id FROM members.merge m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.leads_to = $3 AND m.undone_at IS NULL
))
ORDER BY o.asked_at DESC, o.order_id DESC;
