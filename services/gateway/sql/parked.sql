-- Receipts that wait: for an operator or a rate (parked), or for somebody who claims them.

-- name: counts
-- Told up to 1,000: beyond that nobody counts by hand, and the page asks every other second.
SELECT reason, count(*) AS receipts
FROM (SELECT reason FROM earning.parked_receipt WHERE tenant_id = $1 LIMIT 1000) AS parked
GROUP BY reason
UNION ALL
SELECT 'unclaimed', count(*)
FROM (SELECT FROM earning.unclaimed_receipt WHERE tenant_id = $1 LIMIT 1000) AS unclaimed
HAVING count(*) > 0
ORDER BY 1;

-- name: for_decision
-- Newest first, below ($3, $4).
SELECT p.programme_id, p.slug AS programme, r.receipt_key, r.event_key, r.member_id, r.reason, r.currency, r.store,
       r.receipt_number, r.occurred_at, r.recorded_at
FROM earning.parked_receipt r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2)
  AND (r.recorded_at, r.receipt_key) < ($3::timestamptz, $4::uuid)
ORDER BY r.recorded_at DESC, r.receipt_key DESC
LIMIT $5;

-- name: for_claim
-- By receipt number, beyond ($3, $4, $5).
SELECT r.programme_id, p.slug AS programme, r.receipt_key, r.event_key, NULL::uuid AS member_id,
       CASE WHEN r.identifiers = '{}' THEN 'no_member' ELSE 'unclaimed' END AS reason, NULL::text AS currency,
       NULL::text AS store, r.receipt_number, r.occurred_at, r.recorded_at
FROM earning.unclaimed_receipt r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2)
  AND (r.programme_id, r.receipt_number, r.receipt_key) > ($3::int, $4::text, $5::uuid)
ORDER BY r.programme_id, r.receipt_number, r.receipt_key
LIMIT $6;
