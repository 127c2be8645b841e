-- name: tenant
INSERT INTO platform.tenant (tenant_id, slug, name) VALUES ($1, $2, $2);

-- name: programme
INSERT INTO platform.programme (tenant_id, programme_id, slug, name, zone, currency) VALUES ($1, $1, 'main', $2, $3, $4);

-- name: version
INSERT INTO platform.programme_version (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
VALUES ($1, $1, $2, $5, $3::jsonb, $4, $5);

-- name: source
INSERT INTO platform.source (source_prefix, tenant_id, programme_id) VALUES ($1, $2, $2);

-- name: api_key
INSERT INTO gateway.api_key (key_id, tenant_id, name, digest, scopes, created_at) VALUES ($1, $2, 'tests', $3, $4, $5);
