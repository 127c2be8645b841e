-- name: decided
SELECT count(*) FROM earning.inbox WHERE tenant_id = $1 AND event_key = ANY ($2::uuid[]);

-- name: member
SELECT t.slug AS tenant, p.slug AS programme, m.member_id
FROM members.member m
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE m.member_id = $1 AND ($2::text IS NULL OR t.slug = $2) AND ($3::text IS NULL OR p.slug = $3);

-- name: member_by_identifier
SELECT t.slug AS tenant, p.slug AS programme, i.member_id
FROM members.identifier i
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE i.identifier = $1 AND i.member_id IS NOT NULL
  AND ($2::text IS NULL OR t.slug = $2) AND ($3::text IS NULL OR p.slug = $3);

-- name: moved
-- What an event did to a member's points, movement by movement.
SELECT wallet, kind::text AS kind, from_account::text AS from_account, to_account::text AS to_account, amount
FROM ledger.journal
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND cause = $4
ORDER BY seq;

-- name: decision_page
-- The page on which the decision on an event lies.
SELECT d.body
FROM earning.inbox i
JOIN earning.decision_page d USING (tenant_id, page)
WHERE i.tenant_id = $1 AND i.event_key = $2;
