-- name: put_version
-- A programme's first version, in force since 2016, replaced; workers that run see it as a change.
INSERT INTO platform.programme_version AS v (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
VALUES ($1, $2, 1, '2016-01-01T00:00:00Z', $3::text::jsonb, $4, '2016-01-01T00:00:00Z')
ON CONFLICT (tenant_id, programme_id, version) DO UPDATE SET document = excluded.document, hash = excluded.hash;

-- name: put_rate
INSERT INTO platform.exchange_rate (tenant_id, programme_id, currency, version, rate_e9, valid_from, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);
