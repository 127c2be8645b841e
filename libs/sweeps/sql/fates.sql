-- name: causes
-- The events that earned lots ($4) of a member ($3) of tenant $1 and programme $2.
SELECT l.seq, l.cause FROM ledger.lot l
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = $3 AND l.seq = ANY ($4::bigint[]);

-- name: decisions
-- The pages on which the decisions on these events ($2) lie, each page once.
SELECT d.body, i.event_keys
FROM (
    SELECT page, array_agg(event_key) AS event_keys FROM earning.inbox
    WHERE tenant_id = $1 AND event_key = ANY ($2::uuid[]) GROUP BY page
) AS i
JOIN earning.decision_page d ON d.tenant_id = $1 AND d.page = i.page;

-- name: policies
-- What versions ($3) of a programme say of their wallets.
SELECT v.version, v.document -> 'wallets' AS wallets FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2 AND v.version = ANY ($3::int[]);

-- name: keeps
SELECT m.keeps::text FROM ledger.member m WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3;
