-- What is known under a receipt number.

-- name: programmes
SELECT programme_id, slug AS programme, zone FROM platform.programme
WHERE tenant_id = $1 AND ($2::text IS NULL OR slug = $2)
ORDER BY programme_id;

-- name: receipts
-- With what its owner waits for, if anything.
SELECT r.programme_id, r.receipt_key, r.event_key, r.member_id, r.story,
       coalesce(p.reason, CASE WHEN u.identifiers = '{}' THEN 'no_member'
                               WHEN u.receipt_key IS NOT NULL THEN 'unclaimed' END) AS waits_for
FROM earning.receipt r
LEFT JOIN earning.parked_receipt p USING (tenant_id, programme_id, receipt_key)
LEFT JOIN earning.unclaimed_receipt u USING (tenant_id, programme_id, receipt_key)
WHERE r.tenant_id = $1 AND r.receipt_key = ANY ($2::uuid[]);

-- name: said
-- The events under a number beside its first purchase.
SELECT event_key FROM earning.receipt_event WHERE tenant_id = $1 AND receipt_key = $2 LIMIT $3;
