-- name: one_writer
-- Versions are numbered without a gap: whoever adds some is alone meanwhile.
LOCK TABLE platform.exchange_rate IN SHARE ROW EXCLUSIVE MODE;

-- name: add_rates
-- A rate that is in force already from the same instant makes no new version.
WITH asked AS (
    SELECT v.currency, v.rate_e9, v.valid_from, v.ord
    FROM unnest($3::text[], $4::bigint[], $5::timestamptz[]) WITH ORDINALITY AS v(currency, rate_e9, valid_from, ord)
), news AS (
    SELECT a.* FROM asked a
    WHERE NOT EXISTS (
        SELECT FROM platform.exchange_rate r
        WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.currency = a.currency
          AND r.valid_from = a.valid_from AND r.rate_e9 = a.rate_e9
          AND NOT EXISTS (
              SELECT FROM platform.exchange_rate later
              WHERE later.tenant_id = $1 AND later.programme_id = $2 AND later.currency = a.currency
                AND later.valid_from = a.valid_from AND later.version > r.version
          )
    )
)
INSERT INTO platform.exchange_rate (tenant_id, programme_id, currency, version, rate_e9, valid_from, recorded_at)
SELECT $1, $2, n.currency,
       coalesce((SELECT max(r.version) FROM platform.exchange_rate r
                 WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.currency = n.currency), 0)
       + row_number() OVER (PARTITION BY n.currency ORDER BY n.ord),
       n.rate_e9, n.valid_from, $6
FROM news n
RETURNING currency, version, rate_e9, valid_from;

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
