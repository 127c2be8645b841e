-- name: rates
-- A rate has given way when a later version is valid from the same instant.
SELECT t.slug AS tenant, p.slug AS programme, p.currency AS into, r.currency, r.version, r.rate_e9, r.valid_from,
       r.recorded_at,
       r.version < max(r.version) OVER (PARTITION BY r.tenant_id, r.programme_id, r.currency, r.valid_from) AS replaced
FROM platform.exchange_rate r
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR r.currency = $3)
ORDER BY t.slug, p.slug, r.currency, r.valid_from, r.version;

-- name: waiting
-- Receipts that wait for a rate, by currency.
SELECT currency, count(*) AS receipts
FROM earning.parked_receipt
WHERE tenant_id = $1 AND programme_id = $2 AND currency = ANY ($3::text[]) AND reason = $4
GROUP BY currency
ORDER BY currency;
