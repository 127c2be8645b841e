-- name: parked
-- Receipts that wait for a person or a rate, the oldest first.
SELECT t.slug AS tenant, p.slug AS programme, r.receipt_number, r.store, r.reason, r.currency, r.member_id,
       r.occurred_at, r.recorded_at, r.receipt_key, r.tenant_id
FROM earning.parked_receipt r
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR r.reason = $3)
  AND ($4::text[] IS NULL OR r.receipt_number = ANY ($4)) AND ($5::text IS NULL OR r.store = $5)
ORDER BY r.recorded_at, r.receipt_key
LIMIT $6;
