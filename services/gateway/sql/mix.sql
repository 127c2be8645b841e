-- name: asked
-- What was ordered since an instant and not given up, by reward and by the level of who ordered it.
SELECT o.reference, m.tier, count(*)::int AS orders, sum(o.quantity - o.cancelled)::bigint AS pieces,
       sum(o.points - o.points_back)::bigint AS points, count(DISTINCT o.member_id)::int AS members
FROM redemption.reward_order o
LEFT JOIN ledger.member m ON m.tenant_id = o.tenant_id AND m.programme_id = o.programme_id AND m.member_id = o.member_id
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.ordered_at >= $3 AND o.quantity > o.cancelled
GROUP BY o.reference, m.tier;

-- name: people
-- How many members there are at each level, and how many of all ordered something since an instant.
SELECT m.tier, count(*)::int AS members,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM redemption.reward_order o
           WHERE o.tenant_id = m.tenant_id AND o.programme_id = m.programme_id AND o.member_id = m.member_id
             AND o.ordered_at >= $3 AND o.quantity > o.cancelled))::int AS ordering
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2
  AND NOT EXISTS (SELECT FROM members.merge g
                  WHERE g.tenant_id = m.tenant_id AND g.programme_id = m.programme_id AND g.member_id = m.member_id
                    AND g.undone_by IS NULL)
GROUP BY m.tier;

-- name: purses
-- How many members have points between two prices of a rising list ($5), in the wallets that count.
WITH have AS (
    SELECT l.member_id, sum(l.remaining - l.held) AS points
    FROM ledger.lot_now l
    WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.wallet = $3 AND l.remaining > l.held AND l.active_from <= $4
      AND (l.expires_at IS NULL OR l.expires_at > $4)
    GROUP BY l.member_id
)
SELECT width_bucket(points, $5::numeric[]) AS above, count(*)::int AS members FROM have GROUP BY 1;

-- name: middle
-- The points that half of all members with any have at least.
WITH have AS (
    SELECT l.member_id, sum(l.remaining - l.held) AS points
    FROM ledger.lot_now l
    WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.wallet = $3 AND l.remaining > l.held AND l.active_from <= $4
      AND (l.expires_at IS NULL OR l.expires_at > $4)
    GROUP BY l.member_id
)
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY points)::bigint AS middle FROM have;

-- name: wished
-- How many members wish for each reward.
SELECT reference, count(*)::int AS members FROM redemption.wish WHERE tenant_id = $1 AND programme_id = $2 GROUP BY reference;
