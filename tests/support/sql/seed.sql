-- name: seed
-- Two tenants that must never see each other, each with a programme, a version in force since 2016, and a till source.
WITH tenant AS (
    INSERT INTO platform.tenant (tenant_id, slug, name)
    VALUES (1, 'acme', 'Acme Markets'), (2, 'globex', 'Globex Stores')
), programme AS (
    INSERT INTO platform.programme (tenant_id, programme_id, slug, name, zone, currency)
    VALUES (1, 1, 'main', 'Acme Club', 'Europe/Rome', 'EUR'), (2, 2, 'main', 'Globex Plus', 'America/New_York', 'USD')
), source AS (
    INSERT INTO platform.source (source_prefix, tenant_id, programme_id)
    VALUES ('/acme/pos', 1, 1), ('/globex/pos', 2, 2)
)
INSERT INTO platform.programme_version (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
SELECT tenant_id, programme_id, 1, '2016-01-01T00:00:00Z', document::jsonb, hash, '2016-01-01T00:00:00Z'
FROM unnest($1::int[], $2::int[], $3::text[], $4::text[]) AS v(tenant_id, programme_id, document, hash);
