-- name: last
SELECT f.outlook::text FROM expiry.forecast f
WHERE f.tenant_id = $1 AND f.programme_id = $2 AND f.as_of <= $3
ORDER BY f.as_of DESC LIMIT 1;

-- name: latest
SELECT f.outlook::text FROM expiry.latest_forecast f WHERE f.tenant_id = $1 AND f.programme_id = $2;

-- name: made
SELECT f.as_of FROM expiry.forecast f WHERE f.tenant_id = $1 AND f.programme_id = $2 ORDER BY f.as_of DESC LIMIT $3;

-- name: keep
INSERT INTO expiry.forecast (tenant_id, programme_id, as_of, outlook) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT DO NOTHING;

-- name: keep_latest
INSERT INTO expiry.latest_forecast (tenant_id, programme_id, as_of, outlook) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (tenant_id, programme_id) DO UPDATE SET as_of = excluded.as_of, outlook = excluded.outlook;
