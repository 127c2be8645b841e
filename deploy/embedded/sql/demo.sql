-- name: make_tenant
INSERT INTO platform.tenant (tenant_id, slug, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: make_programme
INSERT INTO platform.programme (tenant_id, programme_id, slug, name, zone, currency) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: make_version
INSERT INTO platform.programme_version (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)
ON CONFLICT DO NOTHING;

-- name: make_source
INSERT INTO platform.source (source_prefix, tenant_id, programme_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: make_api_key
INSERT INTO gateway.api_key (key_id, tenant_id, name, digest, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key_id) DO UPDATE SET digest = excluded.digest, scopes = excluded.scopes;

-- name: members
SELECT count(*) FROM members.member WHERE tenant_id = $1;

-- name: standing
-- One statement, so that positions and points are of the same moment.
SELECT (SELECT coalesce(sum(amount), 0)::bigint FROM ledger.lot WHERE tenant_id = $1) AS points,
       (SELECT coalesce(jsonb_object_agg(part, next_offset), '{}') FROM stream.position
        WHERE consumer = $2 AND topic = $3) AS positions,
       (SELECT max(halt_reason) FROM stream.position WHERE consumer = $2 AND topic = $3) AS halt;
