-- name: wallets
-- The wallets of the programme as it is now.
SELECT v.document -> 'wallets' AS wallets
FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2 AND v.active_from <= $3
ORDER BY v.active_from DESC, v.version DESC
LIMIT 1;

-- name: enrolled
SELECT m.member_id
FROM unnest($3::uuid[]) AS v(member_id)
JOIN members.member m ON m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = v.member_id;

-- name: opened
-- The opening balances that became lots, by the key of their event.
SELECT l.cause, l.amount
FROM unnest($3::uuid[]) AS v(member_id)
JOIN ledger.lot l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = v.member_id
WHERE l.opened_by = 'adjust' AND l.cause = ANY ($4::uuid[]);

-- name: decided
-- Which of these events were decided, whatever came of them.
SELECT i.event_key FROM earning.inbox i WHERE i.tenant_id = $1 AND i.event_key = ANY ($2::uuid[]);
