-- Exchange rates, as receipts are converted by.

-- name: rates
-- By programme and currency, the newest version first, beyond ($4, $5, $6).
SELECT p.programme_id, p.slug AS programme, p.currency AS into, r.currency, r.version, r.rate_e9, r.valid_from, r.recorded_at
FROM platform.exchange_rate r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR r.currency = $3)
  AND ((r.programme_id, r.currency) > ($4::int, $5::text)
       OR ((r.programme_id, r.currency) = ($4, $5) AND r.version < $6::int))
ORDER BY r.programme_id, r.currency, r.version DESC
LIMIT $7;
