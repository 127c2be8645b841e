-- A member's purchases, as far as points were given or refused for them.

-- name: bought
-- The newest events that brought the member points or nothing, since $4 and at most $5 of them.
SELECT event_key
FROM (
    (SELECT l.cause AS event_key, l.earned_at AS at
     FROM ledger.lot l
     WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = $3 AND l.opened_by = 'credit' AND l.earned_at >= $4
     ORDER BY l.seq DESC
     LIMIT $5)
    UNION ALL
    (SELECT u.event_key, u.occurred_at
     FROM earning.unpaid_receipt u
     WHERE u.tenant_id = $1 AND u.programme_id = $2 AND u.member_id = $3 AND u.occurred_at >= $4
     ORDER BY u.after_seq DESC, u.recorded_at DESC, u.event_key DESC
     LIMIT $5)
) AS event
GROUP BY event_key
ORDER BY max(at) DESC
LIMIT $5;

-- name: stories
SELECT receipt_key, member_id, story FROM earning.receipt
WHERE tenant_id = $1 AND receipt_key = ANY ($2::uuid[]) AND story IS NOT NULL;
