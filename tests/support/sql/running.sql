-- name: tenant
INSERT INTO platform.tenant (tenant_id, slug, name) VALUES ($1, $2, $2);

-- name: programme
INSERT INTO platform.programme (tenant_id, programme_id, slug, name, zone, currency) VALUES ($1, $1, 'main', $2, $3, $4);

-- name: version
INSERT INTO platform.programme_version (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
VALUES ($1, $1, $2, '2016-01-01T00:00:00Z', $3::jsonb, $4, '2016-01-01T00:00:00Z');

-- name: source
INSERT INTO platform.source (source_prefix, tenant_id, programme_id) VALUES ($1, $2, $2);

-- name: api_key
INSERT INTO gateway.api_key (key_id, tenant_id, name, digest, scopes, created_at) VALUES ($1, $2, 'tests', $3, $4, $5);
