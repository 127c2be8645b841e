-- name: sources
SELECT s.source_prefix, s.tenant_id, s.programme_id, s.mapping::text AS mapping FROM platform.source s
ORDER BY s.source_prefix;

-- name: rates
SELECT tenant_id, programme_id, currency, version, rate_e9, valid_from FROM platform.exchange_rate;

-- name: programmes
SELECT p.tenant_id, p.programme_id, t.slug AS tenant, p.slug AS programme, p.name
FROM platform.programme p JOIN platform.tenant t USING (tenant_id);

-- name: versions
SELECT tenant_id, programme_id, version, active_from, document, hash
FROM platform.programme_version
ORDER BY tenant_id, programme_id, active_from, version;

-- name: fingerprint
-- Changes whenever a source, a version or a rate is added, changed or removed.
SELECT md5(coalesce((SELECT string_agg(s::text, '|' ORDER BY s.source_prefix) FROM platform.source s), '')
        || coalesce((SELECT string_agg(concat_ws(',', v.tenant_id, v.programme_id, v.version, v.active_from, v.hash), '|'
                                       ORDER BY v.tenant_id, v.programme_id, v.version)
                     FROM platform.programme_version v), '')
        || (SELECT count(*)::text || coalesce(max(recorded_at)::text, '') FROM platform.exchange_rate));
